// One name for both runtimes: GPU(MemcpyAsync) is cudaMemcpyAsync under nvcc and hipMemcpyAsync under hipcc.
// The two macros in #ifndef may be given from outside, so that a host compiler without any GPU tools can check the program.
#pragma once

#if defined(__HIPCC__) || defined(__HIP__) || defined(__HIP_PLATFORM_AMD__)
#include <hip/hip_runtime.h>
#define GPU(name) hip##name
#define GPU_ATTRIBUTE(name) hipDeviceAttribute##name
#define GPU_IS_HIP 1
typedef hipDeviceProp_t GpuProperties;
#else
#include <cuda_runtime.h>
#define GPU(name) cuda##name
#define GPU_ATTRIBUTE(name) cudaDevAttr##name
#define GPU_IS_HIP 0
typedef cudaDeviceProp GpuProperties;
#endif

#ifndef FAULTLINE_LAUNCH
#define FAULTLINE_LAUNCH(kernel, grid, block, stream, ...) kernel<<<(grid), (block), 0, (stream)>>>(__VA_ARGS__)
#endif

#ifndef FAULTLINE_DEVICE_TICKS
// A clock that all units of the device share. NVIDIA: nanoseconds. AMD: its unit is asked for below.
__device__ inline unsigned long long deviceTicks() {
#if defined(__CUDA_ARCH__)
  unsigned long long now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now) : : "memory");
  return now;
#elif defined(__HIP_DEVICE_COMPILE__)
  return wall_clock64();
#else
  return 0;  // the host's half of the compilation never runs it
#endif
}
#endif

// Nanoseconds of one tick of deviceTicks, or 0 when the device does not say.
inline double nanosecondsPerTick(int device) {
#if GPU_IS_HIP
  int kilohertz = 0;
  if (hipDeviceGetAttribute(&kilohertz, hipDeviceAttributeWallClockRate, device) != hipSuccess || kilohertz <= 0) return 0;
  return 1e6 / kilohertz;
#else
  (void)device;
  return 1;
#endif
}

// CUDA 13 replaced the device number of these two by a location; CUDA 12 and HIP have the number. -1 is the host.
inline GPU(Error_t) prefetchTo(const void* address, size_t bytes, int device, GPU(Stream_t) stream) {
#if !GPU_IS_HIP && CUDART_VERSION >= 13000
  cudaMemLocation location = {};
  location.type = device < 0 ? cudaMemLocationTypeHost : cudaMemLocationTypeDevice;
  location.id = device < 0 ? 0 : device;
  return cudaMemPrefetchAsync(address, bytes, location, 0, stream);
#else
  return GPU(MemPrefetchAsync)(address, bytes, device < 0 ? GPU(CpuDeviceId) : device, stream);
#endif
}

inline GPU(Error_t) advise(const void* address, size_t bytes, GPU(MemoryAdvise) advice, int device) {
#if !GPU_IS_HIP && CUDART_VERSION >= 13000
  cudaMemLocation location = {};
  location.type = device < 0 ? cudaMemLocationTypeHost : cudaMemLocationTypeDevice;
  location.id = device < 0 ? 0 : device;
  return cudaMemAdvise(address, bytes, advice, location);
#else
  return GPU(MemAdvise)(address, bytes, advice, device < 0 ? GPU(CpuDeviceId) : device);
#endif
}

inline GPU(Error_t) allocatePinned(void** address, size_t bytes) {
#if GPU_IS_HIP
  return hipHostMalloc(address, bytes, 0);
#else
  return cudaMallocHost(address, bytes);
#endif
}

inline GPU(Error_t) freePinned(void* address) {
#if GPU_IS_HIP
  return hipHostFree(address);
#else
  return cudaFreeHost(address);
#endif
}

#if GPU_IS_HIP
typedef hipDeviceAttribute_t GpuAttribute;
#else
typedef cudaDeviceAttr GpuAttribute;
#endif

// Measures the memory of one GPU and its host as Faultline's machine files describe it: the link by size and direction,
// page faults one by one and in batches, remote access, prefetch and advice. One JSON document goes to standard output,
// progress to standard error. Build lines and what is done to the machine: README.md beside this file.
//
// Promises: managed memory of at most 1 GiB and always under a quarter of the free device memory, so nothing is ever
// evicted; all other device memory stays under an eighth of it; every call of the runtime is checked; no new part is
// begun after 75 s, and after 110 s the program gives up. On any failure standard output stays empty.
//
// Exit codes: 0 measured, 1 a call failed or a wrong value was read, 2 this device cannot be measured, 3 time was up.
#include "gpu.h"

#include <signal.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace {

typedef unsigned long long u64;

const int kSchema = 1;
const size_t kKib = 1024, kMib = 1024 * kKib, kGib = 1024 * kMib;
const size_t kPage = 4 * kKib;   // unit of the probes; a host with larger pages says so in the document
const size_t kBlock = 2 * kMib;  // NVIDIA's VA block and both vendors' large page
const size_t kLine = 256;        // at least a cache line everywhere; a page holds several untouched ones
const size_t kLeastBlocks = 64;  // less managed memory would leave some probes without fresh blocks
#ifndef FAULTLINE_SOFT_SECONDS
#define FAULTLINE_SOFT_SECONDS 75
#define FAULTLINE_HARD_SECONDS 110
#endif
const double kSoftSeconds = FAULTLINE_SOFT_SECONDS;
const unsigned kHardSeconds = FAULTLINE_HARD_SECONDS;
const u64 kEnd = ~0ull;  // ends a chain of links

int gDevice = 0;
const std::chrono::steady_clock::time_point gStart = std::chrono::steady_clock::now();

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now() - gStart).count(); }
double nanoseconds() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

[[noreturn]] void leave(int code, const std::string& why) {
  std::fprintf(stderr, "calibrate: %s\n", why.c_str());
  std::_Exit(code);  // no tidying up: after a failed call the runtime may not answer any more
}

void check(GPU(Error_t) result, const char* call, int line) {
  if (result == GPU(Success)) return;
  leave(1, std::string(GPU(GetErrorName)(result)) + " (" + GPU(GetErrorString)(result) + ") from " + call +
               ", calibrate.cu line " + std::to_string(line));
}
#define CHECK(call) check((call), #call, __LINE__)

// A hung device must not hang the program, whichever call waits for it.
extern "C" void expire(int) {
  const char why[] = "calibrate: the time limit has passed and the device has not finished; nothing is printed\n";
  if (write(STDERR_FILENO, why, sizeof why - 1) < 0) _exit(3);
  _exit(3);
}

// Waits for all work of a stream.
void finish(GPU(Stream_t) stream) { CHECK(GPU(StreamSynchronize)(stream)); }

// ---- JSON -----------------------------------------------------------------------------------------------------------

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte < 0x20 || byte > 0x7e) {  // names of devices and systems are ASCII; anything else must not break the JSON
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}
std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f", value);
  std::string out = text;
  if (out.size() > 2 && out.compare(out.size() - 2, 2, ".0") == 0) out.resize(out.size() - 2);
  return out;
}
std::string numbers(const std::vector<double>& values) {
  std::string out = "[";
  for (size_t i = 0; i < values.size(); i++) out += (i ? ", " : "") + number(values[i]);
  return out + "]";
}

class Object {
 public:
  Object& raw(const char* key, const std::string& json) {
    body_ += (body_.empty() ? "" : ", ") + quoted(key) + ": " + json;
    return *this;
  }
  Object& text(const char* key, const std::string& value) { return raw(key, value.empty() ? "null" : quoted(value)); }
  Object& count(const char* key, double value) { return raw(key, number(value)); }
  Object& flag(const char* key, bool value) { return raw(key, value ? "true" : "false"); }
  Object& list(const char* key, const std::vector<double>& values) { return raw(key, numbers(values)); }
  std::string json() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};
std::string listOf(const std::vector<std::string>& items) {
  std::string out = "[";
  for (size_t i = 0; i < items.size(); i++) out += (i ? ",\n      " : "\n      ") + items[i];
  return out + "]";
}

// ---- Device code ----------------------------------------------------------------------------------------------------

__global__ void nothing() {}

__global__ void spin(u64 ticks) {
  const u64 from = deviceTicks();
  while (deviceTicks() - from < ticks) {
  }
}

// Smallest steps that the clock was seen to make.
__global__ void clockSteps(u64* steps, int count) {
  u64 last = deviceTicks();
  for (int i = 0; i < count; i++) {
    u64 now = last;
    for (long tries = 0; now == last && tries < 10000000; tries++) now = deviceTicks();
    steps[i] = now - last;
    last = now;
  }
}

// Follows links (byte offsets from `base`), each load waiting for the one before. `ticks[i]` is the clock after load i,
// `ticks[0]` before the first. Each value is stored before the clock is read: instructions issue in order and a store
// waits for its operand, so the clock cannot be read before the load is back.
__global__ void chase(const char* base, u64 first, int hops, volatile u64* seen, u64* ticks) {
  u64 at = first;
  ticks[0] = deviceTicks();
  for (int i = 0; i < hops && at != kEnd; i++) {
    at = *reinterpret_cast<const volatile u64*>(base + at);
    seen[i] = at;
    ticks[i + 1] = deviceTicks();
  }
}

// The same without a clock in between: `ticks` has the time before and after.
__global__ void chaseAll(const char* base, u64 first, int hops, volatile u64* seen, u64* ticks) {
  u64 at = first;
  ticks[0] = deviceTicks();
  for (int i = 0; i < hops && at != kEnd; i++) at = *reinterpret_cast<const volatile u64*>(base + at);
  seen[0] = at;
  ticks[1] = deviceTicks();
}

// Thread i reads one word at i * stride. `span` collects the earliest begin and the latest end of all threads.
__global__ void touch(const char* base, u64 stride, int count, volatile u64* seen, u64* span) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= count) return;
  const u64 from = deviceTicks();
  const u64 value = *reinterpret_cast<const volatile u64*>(base + stride * static_cast<u64>(i));
  seen[i] = value;
  const u64 to = deviceTicks();
  atomicMin(&span[0], from);
  atomicMax(&span[1], to);
}

__global__ void readAll(const u64* from, u64 words, u64* sum) {
  const u64 step = static_cast<u64>(gridDim.x) * blockDim.x;
  u64 total = 0;
  for (u64 i = static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x; i < words; i += step) total += from[i];
  if (total == kEnd) *sum = total;  // never true for our contents, but the compiler must not know
}

__global__ void writeAll(u64* to, u64 words, u64 value) {
  const u64 step = static_cast<u64>(gridDim.x) * blockDim.x;
  for (u64 i = static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x; i < words; i += step) to[i] = value;
}

// ---- The machine at hand --------------------------------------------------------------------------------------------

struct Machine {
  GpuProperties properties;
  size_t freeBytes = 0, totalBytes = 0;
  size_t hostPage = 0;
  bool managed = false, concurrent = false, pageable = false, hostTables = false, hostMaps = false, atomics = false;
  double nsPerTick = 0;
  double clockStepNs = 0;
};

bool attribute(GpuAttribute which) {
  int value = 0;
  CHECK(GPU(DeviceGetAttribute)(&value, which, gDevice));
  return value != 0;
}

std::string lineOf(const char* path, const char* prefix) {
  std::FILE* file = std::fopen(path, "r");
  if (!file) return "";
  char line[512];
  std::string found;
  while (found.empty() && std::fgets(line, sizeof line, file))
    if (std::strncmp(line, prefix, std::strlen(prefix)) == 0) found = line + std::strlen(prefix);
  std::fclose(file);
  const size_t from = found.find_first_not_of(" \t:"), to = found.find_last_not_of(" \t\r\n");
  return from == std::string::npos ? "" : found.substr(from, to - from + 1);
}

Machine inspect() {
  int devices = 0;
  const GPU(Error_t) counted = GPU(GetDeviceCount)(&devices);
  if (counted != GPU(Success) || devices <= gDevice)
    leave(2, "there is no device " + std::to_string(gDevice) + " (" + std::to_string(devices) + " found; " +
                 GPU(GetErrorString)(counted) + ")");
  CHECK(GPU(SetDevice)(gDevice));
  Machine m;
  CHECK(GPU(GetDeviceProperties)(&m.properties, gDevice));
  CHECK(GPU(MemGetInfo)(&m.freeBytes, &m.totalBytes));
  m.hostPage = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  m.managed = attribute(GPU_ATTRIBUTE(ManagedMemory));
  m.concurrent = attribute(GPU_ATTRIBUTE(ConcurrentManagedAccess));
  m.pageable = attribute(GPU_ATTRIBUTE(PageableMemoryAccess));
  m.hostTables = attribute(GPU_ATTRIBUTE(PageableMemoryAccessUsesHostPageTables));
  m.hostMaps = attribute(GPU_ATTRIBUTE(DirectManagedMemAccessFromHost));
  m.atomics = attribute(GPU_ATTRIBUTE(HostNativeAtomicSupported));
  m.nsPerTick = nanosecondsPerTick(gDevice);
  const std::string name = m.properties.name;
  if (!m.managed) leave(2, name + " has no managed memory (attribute ManagedMemory is 0); there are no faults to measure");
  if (!m.concurrent)
    leave(2, name + " cannot take page faults on managed memory (attribute ConcurrentManagedAccess is 0: an old GPU, "
                    "Windows, or an AMD GPU without XNACK, see HSA_XNACK=1)");
  if (!(m.nsPerTick > 0)) leave(2, name + " does not say how fast its clock is (WallClockRate)");
  return m;
}

// Managed bytes: at most 1 GiB, strictly under a quarter of the free device memory, and no more than a quarter of the
// free host memory, since all of it lies there at times.
size_t managedBytes(const Machine& m) {
  // What the page cache would give back counts as free: an idle machine has hardly any other free memory.
  const size_t host = std::strtoull(lineOf("/proc/meminfo", "MemAvailable").c_str(), nullptr, 10) * kKib;
  const size_t most = std::min(kGib, std::min((m.freeBytes - 1) / 4, host / 4));
  const size_t bytes = most / kBlock * kBlock;
  if (bytes < kLeastBlocks * kBlock)
    leave(2, "too little free memory: " + std::to_string(m.freeBytes / kMib) + " MiB on the device and " +
                 std::to_string(host / kMib) + " MiB on the host; 513 MiB on both are needed. End other programs first");
  return bytes;
}

struct Bench {
  Machine m;
  char* base = nullptr;  // managed memory; its contents are links between offsets
  size_t bytes = 0;
  int blocks = 0;
  u64 *seen = nullptr, *ticks = nullptr;  // device memory
  GPU(Stream_t) stream{}, second{};
};
const int kMostHops = 4096;

bool late() { return seconds() > kSoftSeconds; }

void move(Bench& b, size_t offset, size_t bytes, int device) {
  CHECK(prefetchTo(b.base + offset, bytes, device, b.stream));
  finish(b.stream);
}
void blocksTo(Bench& b, int first, int count, int device) {
  move(b, static_cast<size_t>(first) * kBlock, static_cast<size_t>(count) * kBlock, device);
}

// Writes a chain of links through these offsets; the host writes, so they should lie there.
void link(Bench& b, const std::vector<u64>& offsets) {
  for (size_t i = 0; i < offsets.size(); i++)
    *reinterpret_cast<volatile u64*>(b.base + offsets[i]) = i + 1 < offsets.size() ? offsets[i + 1] : kEnd;
}

std::vector<u64> fromDevice(const u64* from, size_t count) {
  std::vector<u64> values(count);
  CHECK(GPU(Memcpy)(values.data(), from, count * sizeof(u64), GPU(MemcpyDeviceToHost)));
  return values;
}

// Nanoseconds of each load of a linked chain. The last value read must be the end of the chain.
std::vector<double> chaseChain(Bench& b, u64 first, int hops) {
  FAULTLINE_LAUNCH(chase, 1, 1, b.stream, b.base, first, hops, b.seen, b.ticks);
  CHECK(GPU(GetLastError)());
  finish(b.stream);
  if (fromDevice(b.seen + hops - 1, 1)[0] != kEnd) leave(1, "the device read other values than the host had written");
  const std::vector<u64> ticks = fromDevice(b.ticks, static_cast<size_t>(hops) + 1);
  std::vector<double> ns;
  for (int i = 0; i < hops; i++) ns.push_back(static_cast<double>(ticks[i + 1] - ticks[i]) * b.m.nsPerTick);
  return ns;
}

double hostReadNs(const Bench& b, u64 offset) {
  const double from = nanoseconds();
  const u64 value = *reinterpret_cast<const volatile u64*>(b.base + offset);
  const double to = nanoseconds();
  return value == 1 ? 0 : to - from;  // links are never 1; the use keeps the load before the clock
}

// Elapsed nanoseconds between two events of finished work.
double between(GPU(Event_t) from, GPU(Event_t) to) {
  float milliseconds = 0;
  CHECK(GPU(EventElapsedTime)(&milliseconds, from, to));
  return static_cast<double>(milliseconds) * 1e6;
}
struct Events {
  GPU(Event_t) from{}, to{}, other{};
  Events() {
    CHECK(GPU(EventCreate)(&from));
    CHECK(GPU(EventCreate)(&to));
    CHECK(GPU(EventCreate)(&other));
  }
  ~Events() {
    GPU(Error_t) ended = GPU(EventDestroy)(from);
    ended = GPU(EventDestroy)(to);
    ended = GPU(EventDestroy)(other);
    (void)ended;  // nothing depends on it any more
  }
};

// ---- Parts: each answers the JSON of its samples --------------------------------------------------------------------

// Fresh managed memory written by the host, a page at a time; one sample per block. Must run first.
std::string cpuFirstTouch(Bench& b) {
  const size_t page = std::max(kPage, b.m.hostPage);
  std::vector<double> ns;
  for (int block = 0; block < b.blocks; block++) {
    const double from = nanoseconds();
    for (size_t at = 0; at < kBlock; at += page)
      *reinterpret_cast<volatile u64*>(b.base + static_cast<size_t>(block) * kBlock + at) = kEnd;
    if (block < 32) ns.push_back(nanoseconds() - from);
  }
  return Object().count("pageBytes", double(page)).count("pagesPerSample", double(kBlock / page)).list("ns", ns).json();
}

// Pinned copies back to back, queued behind a kernel that spins, so that their cost is the link's and not the host's.
std::string copyOne(Bench& b, Events& e, int direction, size_t bytes, char* const host[2], char* const device[2]) {
  const int copies = static_cast<int>(std::max<size_t>(2, std::min<size_t>(64, 32 * kMib / bytes)));
  const u64 spinTicks = static_cast<u64>((50e3 + copies * (direction == 2 ? 20e3 : 10e3)) / b.m.nsPerTick);
  std::vector<double> ns;
  for (int repeat = -1; repeat < 7 && !(repeat > 0 && late()); repeat++) {
    FAULTLINE_LAUNCH(spin, 1, 1, b.stream, spinTicks);
    CHECK(GPU(GetLastError)());
    CHECK(GPU(EventRecord)(e.from, b.stream));
    if (direction == 2) CHECK(GPU(StreamWaitEvent)(b.second, e.from, 0));
    for (int i = 0; i < copies; i++) {
      if (direction != 1)
        CHECK(GPU(MemcpyAsync)(device[0], host[0], bytes, GPU(MemcpyHostToDevice), b.stream));
      if (direction != 0)
        CHECK(GPU(MemcpyAsync)(host[1], device[1], bytes, GPU(MemcpyDeviceToHost), direction == 2 ? b.second : b.stream));
    }
    if (direction == 2) {
      CHECK(GPU(EventRecord)(e.other, b.second));
      CHECK(GPU(StreamWaitEvent)(b.stream, e.other, 0));
    }
    CHECK(GPU(EventRecord)(e.to, b.stream));
    finish(b.stream);
    if (repeat >= 0) ns.push_back(between(e.from, e.to) / copies);  // the first is a warm-up
  }
  static const char* const names[] = {"toDevice", "toHost", "both"};
  return Object().text("direction", names[direction]).count("bytes", double(bytes)).count("copiesPerSample", copies)
      .list("ns", ns).json();
}

std::string copy(Bench& b) {
  const size_t most = std::min<size_t>(64 * kMib, b.m.freeBytes / 32 / kBlock * kBlock);
  char *host[2], *device[2];
  for (int i = 0; i < 2; i++) {
    CHECK(allocatePinned(reinterpret_cast<void**>(&host[i]), most));
    CHECK(GPU(Malloc)(reinterpret_cast<void**>(&device[i]), most));
    std::memset(host[i], 0, most);
    CHECK(GPU(Memset)(device[i], 0, most));
  }
  CHECK(GPU(DeviceSynchronize)());
  Events events;
  std::vector<std::string> rows;
  for (int direction = 0; direction < 3; direction++)
    for (size_t bytes = direction == 2 ? kMib : kPage; bytes <= most; bytes *= direction == 2 ? 8 : 2)
      rows.push_back(copyOne(b, events, direction, bytes, host, device));
  for (int i = 0; i < 2; i++) {
    CHECK(freePinned(host[i]));
    CHECK(GPU(Free)(device[i]));
  }
  return listOf(rows);
}

// An empty kernel, from its start to its end as the host sees it.
std::string kernelLaunch(Bench& b) {
  std::vector<double> ns;
  for (int i = -10; i < 50; i++) {
    const double from = nanoseconds();
    FAULTLINE_LAUNCH(nothing, 1, 1, b.stream);
    finish(b.stream);
    if (i >= 0) ns.push_back(nanoseconds() - from);
  }
  CHECK(GPU(GetLastError)());
  return Object().list("ns", ns).json();
}

// Distances in pages at which a second touch shows what came along with the first.
const int kDistances[] = {1, 2, 4, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 511};
const int kTries = 3;  // blocks per distance; 15 x 3 of the 64 blocks

// Single pages, each in a block of its own, touched one after the other by one thread.
std::string gpuFault(Bench& b) {
  std::vector<u64> chain;
  for (int i = 0; i < int(kLeastBlocks); i++) chain.push_back(u64(i * 37 % int(kLeastBlocks)) * kBlock);
  blocksTo(b, 0, int(kLeastBlocks), -1);
  link(b, chain);
  const std::vector<double> touches = chaseChain(b, chain[0], int(chain.size()));
  chain.clear();
  for (const int distance : kDistances)
    for (int i = 0; i < kTries; i++) {
      const u64 at = chain.size() / 2 * kBlock;
      chain.push_back(at);
      chain.push_back(at + u64(distance) * kPage);
    }
  blocksTo(b, 0, int(kLeastBlocks), -1);
  link(b, chain);
  const std::vector<double> pairs = chaseChain(b, chain[0], int(chain.size()));
  blocksTo(b, 0, int(kLeastBlocks), -1);
  std::vector<std::string> neighbours;
  size_t next = 1;
  for (const int distance : kDistances) {
    std::vector<double> ns;
    for (int i = 0; i < kTries; i++, next += 2) ns.push_back(pairs[next]);
    neighbours.push_back(Object().count("distanceBytes", double(distance) * kPage).list("ns", ns).json());
  }
  return Object().count("strideBytes", kBlock).list("ns", touches).raw("neighbours", listOf(neighbours)).json();
}

// Many pages at once: in blocks of their own (stride 2 MiB) or 32 to a block (64 KiB); by many warps or by few.
std::string batchOne(Bench& b, size_t stride, int pages, int lanes) {
  std::vector<double> ns;
  const int used = static_cast<int>((stride * size_t(pages - 1)) / kBlock) + 1;
  const int grid = (pages + lanes - 1) / lanes;
  for (int repeat = 0; repeat < 5 && !(repeat > 0 && late()); repeat++) {
    blocksTo(b, 0, used, -1);
    for (int i = 0; i < pages; i++) *reinterpret_cast<volatile u64*>(b.base + stride * size_t(i)) = u64(i) + 2;
    const u64 span[2] = {kEnd, 0};
    CHECK(GPU(MemcpyAsync)(b.ticks, span, sizeof span, GPU(MemcpyHostToDevice), b.stream));
    FAULTLINE_LAUNCH(touch, grid, lanes, b.stream, b.base, u64(stride), pages, b.seen, b.ticks);
    CHECK(GPU(GetLastError)());
    finish(b.stream);
    const std::vector<u64> ended = fromDevice(b.ticks, 2), seen = fromDevice(b.seen, size_t(pages));
    for (int i = 0; i < pages; i++)
      if (seen[i] != u64(i) + 2) leave(1, "the device read other values than the host had written");
    ns.push_back(double(ended[1] - ended[0]) * b.m.nsPerTick);
  }
  blocksTo(b, 0, used, -1);
  return Object().count("strideBytes", double(stride)).count("pages", pages).count("blocks", used)
      .count("lanesPerWarp", lanes).list("ns", ns).json();
}

std::string gpuBatch(Bench& b) {
  std::vector<std::string> rows;
  const int few = b.m.properties.warpSize;
  for (const int lanes : {1, few}) {
    for (int pages = 1; pages <= std::min(b.blocks, 512); pages *= 2) rows.push_back(batchOne(b, kBlock, pages, lanes));
    for (int pages = 2; pages <= std::min(b.blocks * 32, 2048); pages *= 4)
      rows.push_back(batchOne(b, 64 * kKib, pages, lanes));
  }
  return listOf(rows);
}

// The host's turn: pages that lie on the device, read one at a time.
std::string cpuFault(Bench& b) {
  std::vector<double> touches;
  blocksTo(b, 0, int(kLeastBlocks), gDevice);
  for (int i = 0; i < int(kLeastBlocks); i++) touches.push_back(hostReadNs(b, u64(i * 37 % int(kLeastBlocks)) * kBlock));
  blocksTo(b, 0, int(kLeastBlocks), gDevice);
  std::vector<std::string> neighbours;
  u64 at = 0;
  for (const int distance : kDistances) {
    std::vector<double> ns;
    for (int i = 0; i < kTries; i++, at += kBlock) {
      hostReadNs(b, at);
      ns.push_back(hostReadNs(b, at + u64(distance) * kPage));
    }
    neighbours.push_back(Object().count("distanceBytes", double(distance) * kPage).list("ns", ns).json());
  }
  return Object().count("strideBytes", kBlock).list("ns", touches).raw("neighbours", listOf(neighbours)).json();
}

// Bytes of one bandwidth sample: beyond the caches of today, within half the buffer.
size_t streamBytes(const Bench& b) { return std::min(256 * kMib, b.bytes / 2 / kBlock * kBlock); }

std::vector<double> streamNs(Bench& b, Events& e, size_t bytes, bool write) {
  std::vector<double> ns;
  const int grid = b.m.properties.multiProcessorCount * 8;
  u64* words = reinterpret_cast<u64*>(b.base);
  for (int repeat = -1; repeat < 5 && !(repeat > 0 && late()); repeat++) {
    CHECK(GPU(EventRecord)(e.from, b.stream));
    if (write) {
      FAULTLINE_LAUNCH(writeAll, grid, 256, b.stream, words, u64(bytes / sizeof(u64)), kEnd - 1);
    } else {
      FAULTLINE_LAUNCH(readAll, grid, 256, b.stream, words, u64(bytes / sizeof(u64)), b.seen);
    }
    CHECK(GPU(GetLastError)());
    CHECK(GPU(EventRecord)(e.to, b.stream));
    finish(b.stream);
    if (repeat >= 0) ns.push_back(between(e.from, e.to));  // the first maps what is not mapped yet
  }
  return ns;
}

// Host memory used by the device through a mapping: preferred location host, accessed by the device, so nothing moves.
std::string remote(Bench& b) {
  const size_t bytes = streamBytes(b);
  blocksTo(b, 0, b.blocks, -1);
  CHECK(advise(b.base, b.bytes, GPU(MemAdviseSetPreferredLocation), -1));
  CHECK(advise(b.base, b.bytes, GPU(MemAdviseSetAccessedBy), gDevice));
  Events events;
  const std::vector<double> reads = streamNs(b, events, bytes, false), writes = streamNs(b, events, bytes, true);
  const int hops = 1024;
  std::vector<double> chains;
  for (int repeat = -1; repeat < 7; repeat++) {  // a line of its own in each page: none was read before
    std::vector<u64> chain;
    for (int i = 0; i < hops; i++) chain.push_back(u64(i * 389 % hops) * kPage + u64(repeat + 1) * kLine);
    link(b, chain);
    FAULTLINE_LAUNCH(chaseAll, 1, 1, b.stream, b.base, chain[0], hops, b.seen, b.ticks);
    CHECK(GPU(GetLastError)());
    finish(b.stream);
    if (fromDevice(b.seen, 1)[0] != kEnd) leave(1, "the device read other values than the host had written");
    const std::vector<u64> ticks = fromDevice(b.ticks, 2);
    if (repeat >= 0) chains.push_back(double(ticks[1] - ticks[0]) * b.m.nsPerTick / hops);
  }
  CHECK(advise(b.base, b.bytes, GPU(MemAdviseUnsetAccessedBy), gDevice));
  CHECK(advise(b.base, b.bytes, GPU(MemAdviseUnsetPreferredLocation), -1));
  return Object().count("bytes", double(bytes)).list("readNs", reads).list("writeNs", writes).list("loadNs", chains).json();
}

// Each memory read by its owner: all of the device, one thread of the host.
std::string local(Bench& b) {
  const size_t bytes = streamBytes(b);
  Events events;
  move(b, 0, bytes, gDevice);
  const std::vector<double> device = streamNs(b, events, bytes, false);
  move(b, 0, bytes, -1);
  std::vector<double> host;
  for (int repeat = -1; repeat < 3; repeat++) {
    const u64* words = reinterpret_cast<const u64*>(b.base);
    u64 sums[4] = {0, 0, 0, 0};
    const double from = nanoseconds();
    for (size_t i = 0; i + 3 < bytes / sizeof(u64); i += 4)
      for (int k = 0; k < 4; k++) sums[k] += words[i + k];
    const volatile u64 sum = sums[0] + sums[1] + sums[2] + sums[3];
    (void)sum;
    if (repeat >= 0) host.push_back(nanoseconds() - from);
  }
  return Object().count("bytes", double(bytes)).list("deviceReadNs", device).list("hostReadNs", host).json();
}

std::string prefetch(Bench& b) {
  std::vector<std::string> rows;
  for (size_t bytes = 64 * kKib; bytes <= std::min(64 * kMib, b.bytes); bytes *= 8) {
    std::vector<double> there, back;
    for (int repeat = -1; repeat < 5 && !(repeat > 0 && late()); repeat++) {
      const double start = nanoseconds();
      move(b, 0, bytes, gDevice);
      const double middle = nanoseconds();
      move(b, 0, bytes, -1);
      if (repeat < 0) continue;
      there.push_back(middle - start);
      back.push_back(nanoseconds() - middle);
    }
    rows.push_back(Object().count("bytes", double(bytes)).list("toDeviceNs", there).list("toHostNs", back).json());
  }
  return listOf(rows);
}

// What advice does to single reads: the first read of a page, and a later one of another line in it.
std::string adviceOne(Bench& b, const char* name, GPU(MemoryAdvise) set, GPU(MemoryAdvise) unset, int at, bool onDevice) {
  const int count = 16;
  std::vector<u64> first, again;
  for (int i = 0; i < count; i++) {
    first.push_back(u64(i) * kBlock);
    again.push_back(u64(i) * kBlock + kLine);
  }
  blocksTo(b, 0, count, -1);
  link(b, first);
  link(b, again);
  CHECK(advise(b.base, size_t(count) * kBlock, set, at));
  std::vector<double> deviceFirst, deviceAgain, hostFirst, hostAgain;
  if (onDevice) blocksTo(b, 0, count, gDevice);
  if (!onDevice) deviceFirst = chaseChain(b, first[0], count);
  if (!onDevice) deviceAgain = chaseChain(b, again[0], count);
  for (const u64 offset : first) hostFirst.push_back(hostReadNs(b, offset));
  for (const u64 offset : again) hostAgain.push_back(hostReadNs(b, offset));
  if (onDevice) deviceFirst = chaseChain(b, first[0], count);
  if (onDevice) deviceAgain = chaseChain(b, again[0], count);
  CHECK(advise(b.base, size_t(count) * kBlock, unset, at));
  blocksTo(b, 0, count, -1);
  return Object().text("advice", name).text("before", onDevice ? "device" : "host").list("deviceFirstNs", deviceFirst)
      .list("deviceAgainNs", deviceAgain).list("hostFirstNs", hostFirst).list("hostAgainNs", hostAgain).json();
}

std::string advice(Bench& b) {
  return listOf({
      adviceOne(b, "preferred-location-host", GPU(MemAdviseSetPreferredLocation), GPU(MemAdviseUnsetPreferredLocation), -1, false),
      adviceOne(b, "preferred-location-device", GPU(MemAdviseSetPreferredLocation), GPU(MemAdviseUnsetPreferredLocation), gDevice, true),
      adviceOne(b, "read-mostly", GPU(MemAdviseSetReadMostly), GPU(MemAdviseUnsetReadMostly), gDevice, false),
  });
}

// ---- The document ---------------------------------------------------------------------------------------------------

double smallestClockStep(Bench& b) {
  const int count = 64;
  FAULTLINE_LAUNCH(clockSteps, 1, 1, b.stream, b.ticks, count);
  CHECK(GPU(GetLastError)());
  finish(b.stream);
  u64 least = kEnd;
  for (const u64 step : fromDevice(b.ticks, count))
    if (step > 0) least = std::min(least, step);
  if (least == kEnd) leave(1, "the clock of the device stands still");
  return double(least) * b.m.nsPerTick;
}

std::string hostJson(const Machine& m) {
  utsname system{};
  if (uname(&system) != 0) leave(1, "uname failed");
  return Object().text("system", std::string(system.sysname) + " " + system.release)
      .text("processor", lineOf("/proc/cpuinfo", "model name")).count("pageBytes", double(m.hostPage)).json();
}

std::string deviceJson(const Machine& m) {
  int runtime = 0;
  CHECK(GPU(RuntimeGetVersion)(&runtime));
  const std::string capability = std::to_string(m.properties.major) + "." + std::to_string(m.properties.minor);
  return Object().text("name", m.properties.name).text("runtime", GPU_IS_HIP ? "hip" : "cuda").count("runtimeVersion", runtime)
      .text("driver", lineOf(GPU_IS_HIP ? "/sys/module/amdgpu/version" : "/sys/module/nvidia/version", ""))
      .text("capability", capability).count("totalBytes", double(m.totalBytes)).count("freeBytes", double(m.freeBytes))
      .count("multiprocessors", m.properties.multiProcessorCount).count("threadsPerWarp", m.properties.warpSize)
      .count("threadsPerMultiprocessor", m.properties.maxThreadsPerMultiProcessor).count("clockStepNs", m.clockStepNs)
      .flag("pageableMemoryAccess", m.pageable).flag("pageableMemoryAccessUsesHostPageTables", m.hostTables)
      .flag("directManagedMemAccessFromHost", m.hostMaps).flag("hostNativeAtomicSupported", m.atomics).json();
}

std::string today() {
  char text[32];
  const time_t now = time(nullptr);
  tm utc{};
  gmtime_r(&now, &utc);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string measure() {
  Bench b;
  b.m = inspect();
  b.bytes = managedBytes(b.m);
  b.blocks = static_cast<int>(b.bytes / kBlock);
  std::fprintf(stderr, "calibrate: %s, %zu MiB of managed memory\n", b.m.properties.name, b.bytes / kMib);
  CHECK(GPU(StreamCreateWithFlags)(&b.stream, GPU(StreamNonBlocking)));
  CHECK(GPU(StreamCreateWithFlags)(&b.second, GPU(StreamNonBlocking)));
  CHECK(GPU(MallocManaged)(reinterpret_cast<void**>(&b.base), b.bytes));
  CHECK(GPU(Malloc)(reinterpret_cast<void**>(&b.seen), kMostHops * sizeof(u64)));
  CHECK(GPU(Malloc)(reinterpret_cast<void**>(&b.ticks), (kMostHops + 1) * sizeof(u64)));
  b.m.clockStepNs = smallestClockStep(b);

  typedef std::string (*Part)(Bench&);
  const std::pair<const char*, Part> parts[] = {
      {"cpuFirstTouch", cpuFirstTouch}, {"copy", copy},   {"kernelLaunch", kernelLaunch}, {"gpuFault", gpuFault},
      {"gpuBatch", gpuBatch},           {"remote", remote}, {"cpuFault", cpuFault},       {"local", local},
      {"prefetch", prefetch},           {"advice", advice},
  };
  std::string samples, missing;
  for (const auto& part : parts) {
    if (late()) {
      std::fprintf(stderr, "calibrate: %s: left out, time is up\n", part.first);
      missing += (missing.empty() ? "" : ", ") + Object().text("part", part.first).text("reason", "time was up").json();
      continue;
    }
    std::fprintf(stderr, "calibrate: %s ...\n", part.first);
    samples += (samples.empty() ? "" : ",\n") + ("    " + quoted(part.first) + ": " + part.second(b));
  }
  CHECK(GPU(Free)(b.base));
  CHECK(GPU(Free)(b.seen));
  CHECK(GPU(Free)(b.ticks));
  return "{\n  \"faultlineCalibration\": " + std::to_string(kSchema) + ",\n  \"date\": " + quoted(today()) +
         ",\n  \"host\": " + hostJson(b.m) + ",\n  \"device\": " + deviceJson(b.m) +
         ",\n  \"managedBytes\": " + std::to_string(b.bytes) + ",\n  \"samples\": {\n" + samples +
         "\n  },\n  \"notRecorded\": [" + missing + "]\n}\n";
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    if (std::strcmp(argv[i], "--device") == 0 && i + 1 < argc) {
      char* end = nullptr;
      const long given = std::strtol(argv[++i], &end, 10);
      if (*argv[i] == '\0' || *end != '\0' || given < 0 || given > 1023) leave(2, "--device takes the number of a device, 0 is the first");
      gDevice = static_cast<int>(given);
    } else {
      leave(2, "usage: calibrate [--device N] > result.json");
    }
  }
  signal(SIGALRM, expire);
  alarm(kHardSeconds);
  const std::string document = measure();
  alarm(0);
  if (std::fwrite(document.data(), 1, document.size(), stdout) != document.size() || std::fflush(stdout) != 0)
    leave(1, "the result could not be written to standard output");
  std::fprintf(stderr, "calibrate: done in %.0f s; next: faultline calibrate RESULT.json --as my-machine.json\n", seconds());
  return 0;
}

/*
 * What a C program needs for the same work: the yardstick of `npm run bench`. It keeps what rule set R0 keeps per granule
 * (a state byte, a recency list as two int32 arrays, a dense set of residents) and takes the accesses in the encoding in
 * which the engine gets them, so that counts must be equal. It has no recording, no clock, no policies and one device.
 *
 *   gcc -O3 -march=native -o reference reference.c
 *   reference FILE GRANULE_BYTES GRANULES CAPACITY ORDERED
 *
 * FILE holds records of 8-byte words, little-endian (src-core/session/bench/encode-accesses.ts):
 *   group   { u32 1, u32 0, f64 address, f64 stride, f64 count, f64 bytes }
 *   packed  { u32 2, u32 n, f64 bytes, u32 access[n], padded to 8 }: one by one, granule | op << 27 | processor << 29
 *   mark    { u32 3, u32 0 }: what follows is timed and counted
 * ORDERED is 0 where everything fits, so that no order has to be kept.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GROUP = 1, PACKED = 2, MARK = 3 };
/* The engine's state byte: owner + 1 (host 1, device 2), question and pending bits above. */
enum { HOST = 1, DEVICE = 2, OWNER_MASK = 7, HIT_MASK = 31 };
#define NONE (-1)

static uint8_t *state;
static int32_t *older, *newer, *slot, *resident;
static int32_t newest = NONE, oldest = NONE, residents, capacity;
static int ordered;
static unsigned granule_shift;
static uint64_t granule_bytes;

/* Bytes that each processor used, and accesses by processor and operation, as the engine sums them; [0] is the host. */
static double busy[8];
static uint64_t by_op[8][4];

static struct {
  uint64_t faults, migrations, evictions, bytes_to_device, bytes_to_host;
} totals;

static void unlink_granule(int32_t g) {
  int32_t before = older[g], after = newer[g];
  if (after == NONE) newest = before; else older[after] = before;
  if (before == NONE) oldest = after; else newer[before] = after;
}

static void link_granule(int32_t g) {
  older[g] = newest;
  newer[g] = NONE;
  if (newest == NONE) oldest = g; else newer[newest] = g;
  newest = g;
}

static inline void touch(int32_t g) {
  if (newest == g) return;
  unlink_granule(g);
  link_granule(g);
}

static void evict(int32_t g) {
  int32_t at = slot[g], moved = resident[--residents];
  state[g] = (uint8_t)((state[g] & ~OWNER_MASK) | HOST);
  resident[at] = moved;
  slot[moved] = at;
  slot[g] = NONE;
  unlink_granule(g);
  totals.evictions++;
  totals.migrations++;
  totals.bytes_to_host += granule_bytes;
}

static __attribute__((noinline)) void fault(int32_t g) {
  totals.faults++;
  if (residents == capacity) evict(oldest);
  state[g] = (uint8_t)((state[g] & ~OWNER_MASK) | DEVICE);
  resident[residents] = g;
  slot[g] = residents++;
  link_granule(g);
  totals.migrations++;
  totals.bytes_to_device += granule_bytes;
}

static inline void reach(uint32_t processor, int32_t g) {
  if ((state[g] & HIT_MASK) == processor + 1) {
    if (ordered) touch(g);
  } else {
    fault(g);
  }
}

/* One run-length group, granule by granule. */
static void run_group(const double *word) {
  uint64_t address = (uint64_t)word[0], count = (uint64_t)word[2], bytes = (uint64_t)word[3];
  uint64_t stride = (uint64_t)word[1], mask = granule_bytes - 1;
  for (uint64_t left = count; left > 0;) {
    uint64_t room = granule_bytes - (address & mask) - bytes;
    uint64_t n = stride > room ? 1 : room / stride + 1;
    if (n > left) n = left;
    reach(1, (int32_t)(address >> granule_shift));
    busy[1] += (double)(n * bytes);
    address += n * stride;
    left -= n;
  }
  by_op[1][0] += count;
}

static void run_packed(double bytes, const uint32_t *access, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t processor = access[i] >> 29, op = access[i] >> 27 & 3;
    reach(processor, (int32_t)(access[i] & 0x7ffffff));
    busy[processor] += bytes;
    by_op[processor][op]++;
  }
}

static double cpu_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static unsigned char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  unsigned char *data;
  if (!file || fseek(file, 0, SEEK_END) != 0) { perror(path); exit(1); }
  *size = (size_t)ftell(file);
  rewind(file);
  data = malloc(*size);
  if (!data || fread(data, 1, *size, file) != *size) { perror(path); exit(1); }
  fclose(file);
  return data;
}

static int32_t *filled(int32_t count) {
  int32_t *array = malloc((size_t)count * sizeof *array);
  if (!array) { perror("malloc"); exit(1); }
  memset(array, 0xff, (size_t)count * sizeof *array); /* NONE */
  return array;
}

int main(int argc, char **argv) {
  size_t size, at = 0;
  unsigned char *data;
  int32_t granules;
  double began = 0;
  if (argc != 6) { fprintf(stderr, "usage: reference FILE GRANULE_BYTES GRANULES CAPACITY ORDERED\n"); return 2; }
  data = read_file(argv[1], &size);
  granule_bytes = strtoull(argv[2], NULL, 10);
  granule_shift = (unsigned)__builtin_ctzll(granule_bytes);
  granules = atoi(argv[3]);
  capacity = atoi(argv[4]);
  ordered = atoi(argv[5]);
  state = malloc((size_t)granules);
  if (!state) { perror("malloc"); return 1; }
  memset(state, HOST, (size_t)granules);
  older = filled(granules);
  newer = filled(granules);
  slot = filled(granules);
  resident = filled(capacity);
  while (at < size) {
    uint32_t head[2];
    const double *word = (const double *)(data + at + 8);
    memcpy(head, data + at, sizeof head);
    if (head[0] == GROUP) {
      run_group(word);
      at += 8 + 4 * 8;
    } else if (head[0] == PACKED) {
      run_packed(word[0], (const uint32_t *)(word + 1), head[1]);
      at += 8 + 8 + (((size_t)head[1] * 4 + 7) & ~(size_t)7);
    } else if (head[0] == MARK) {
      memset(&totals, 0, sizeof totals);
      memset(by_op, 0, sizeof by_op);
      began = cpu_seconds();
      at += 8;
    } else {
      fprintf(stderr, "unknown record %u at byte %zu\n", head[0], at);
      return 1;
    }
  }
  printf("{\"seconds\":%.9f,\"accesses\":%llu,\"faults\":%llu,\"migrations\":%llu,\"evictions\":%llu,"
         "\"bytesToDevice\":%llu,\"bytesToHost\":%llu,\"busyBytes\":%.0f}\n",
         cpu_seconds() - began, (unsigned long long)(by_op[1][0] + by_op[1][1] + by_op[1][2] + by_op[1][3]), (unsigned long long)totals.faults,
         (unsigned long long)totals.migrations, (unsigned long long)totals.evictions,
         (unsigned long long)totals.bytes_to_device, (unsigned long long)totals.bytes_to_host,
         busy[1]);
  return 0;
}

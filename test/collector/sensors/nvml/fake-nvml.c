/*
 * A stand-in for libnvidia-ml.so.1: what it answers stands in the file LIBRARY.state beside it, read again whenever it changes.
 * Lines of that file:
 *
 *   init STATUS                              board N uuid UUID MODEL          board N handle STATUS
 *   hang MILLISECONDS                        board N energy STATUS MJ         board N power STATUS MW
 *   board N util STATUS GPU MEMORY           board N memory STATUS BYTES      board N mig ON
 *   board N processes STATUS                 board N process PID BYTES GI CI
 *   board N samples STATUS                   board N sample PID US SM
 *   board N instance GI CI SLICES COMPUTE ACTIVITY      (percent; below 0: not supported)
 *
 * With -DOLD it lacks everything that drivers before 2021 lack.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BOARDS 8
#define ITEMS 512

typedef struct { unsigned pid; unsigned long long bytes; unsigned gi, ci; } Process;
typedef struct { unsigned pid; unsigned long long us; unsigned sm; } Sample;
typedef struct { unsigned gi, ci, slices, compute; double activity; } Instance;
typedef struct Board {
  char uuid[96], model[96];
  int handle, energyStatus, powerStatus, utilStatus, memoryStatus, processStatus, sampleStatus, mig;
  unsigned long long energy, memory;
  unsigned power, gpu, mem, processes, samples, instances;
  Process process[ITEMS];
  Sample sample[ITEMS];
  Instance instance[8];
} Board;
/* Handles are addresses of one of these. */
typedef struct { unsigned board, instance; } Handle;

static Board boards[BOARDS];
static Handle handles[BOARDS][9];
static unsigned count;
static int initStatus, isOpen;
static long hangMs;
static struct timespec seen;

static void load(void) {
  Dl_info info;
  char path[4096];
  dladdr((void *)load, &info);
  snprintf(path, sizeof path, "%s.state", info.dli_fname);
  struct stat now;
  if (stat(path, &now) != 0) return;
  if (now.st_mtim.tv_sec == seen.tv_sec && now.st_mtim.tv_nsec == seen.tv_nsec) return;
  FILE *file = fopen(path, "r");
  if (file == NULL) return;
  seen = now.st_mtim;
  memset(boards, 0, sizeof boards);
  count = 0;
  initStatus = 0;
  hangMs = 0;
  char line[512], word[32];
  unsigned n;
  while (fgets(line, sizeof line, file) != NULL) {
    int at = 0;
    if (sscanf(line, "init %d", &initStatus) == 1 || sscanf(line, "hang %ld", &hangMs) == 1) continue;
    if (sscanf(line, "board %u %31s %n", &n, word, &at) < 2 || n >= BOARDS) continue;
    Board *b = &boards[n];
    char *rest = line + at;
    if (n >= count) count = n + 1;
    if (strcmp(word, "uuid") == 0) sscanf(rest, "%95s %95[^\n]", b->uuid, b->model);
    else if (strcmp(word, "handle") == 0) sscanf(rest, "%d", &b->handle);
    else if (strcmp(word, "energy") == 0) sscanf(rest, "%d %llu", &b->energyStatus, &b->energy);
    else if (strcmp(word, "power") == 0) sscanf(rest, "%d %u", &b->powerStatus, &b->power);
    else if (strcmp(word, "util") == 0) sscanf(rest, "%d %u %u", &b->utilStatus, &b->gpu, &b->mem);
    else if (strcmp(word, "memory") == 0) sscanf(rest, "%d %llu", &b->memoryStatus, &b->memory);
    else if (strcmp(word, "mig") == 0) sscanf(rest, "%d", &b->mig);
    else if (strcmp(word, "processes") == 0) sscanf(rest, "%d", &b->processStatus);
    else if (strcmp(word, "samples") == 0) sscanf(rest, "%d", &b->sampleStatus);
    else if (strcmp(word, "process") == 0 && b->processes < ITEMS) {
      Process *p = &b->process[b->processes++];
      sscanf(rest, "%u %llu %u %u", &p->pid, &p->bytes, &p->gi, &p->ci);
    } else if (strcmp(word, "sample") == 0 && b->samples < ITEMS) {
      Sample *s = &b->sample[b->samples++];
      sscanf(rest, "%u %llu %u", &s->pid, &s->us, &s->sm);
    } else if (strcmp(word, "instance") == 0 && b->instances < 8) {
      Instance *i = &b->instance[b->instances++];
      sscanf(rest, "%u %u %u %u %lf", &i->gi, &i->ci, &i->slices, &i->compute, &i->activity);
    }
  }
  fclose(file);
}

static void hang(void) {
  load();
  if (hangMs > 0) usleep(hangMs * 1000);
}
static Board *boardOf(Handle *h) { load(); return &boards[h->board]; }
static Instance *instanceOf(Handle *h) { return h->instance == 0 ? NULL : &boardOf(h)->instance[h->instance - 1]; }

int nvmlInit_v2(void) {
  load();
  for (unsigned b = 0; b < BOARDS; b++)
    for (unsigned i = 0; i < 9; i++) handles[b][i] = (Handle){b, i};
  isOpen = initStatus == 0;
  return initStatus;
}
int nvmlShutdown(void) { isOpen = 0; return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned length) { snprintf(text, length, "550.54.15"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *out) { load(); *out = count; return isOpen ? 0 : 1; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, Handle **out) {
  load();
  if (index >= count) return 2;
  *out = &handles[index][0];
  return boards[index].handle;
}
int nvmlDeviceGetUUID(Handle *h, char *text, unsigned length) { snprintf(text, length, "%s", boardOf(h)->uuid); return 0; }
int nvmlDeviceGetName(Handle *h, char *text, unsigned length) { snprintf(text, length, "%s", boardOf(h)->model); return 0; }
int nvmlDeviceGetTotalEnergyConsumption(Handle *h, unsigned long long *out) {
  hang();
  if (initStatus != 0) return initStatus;
  *out = boardOf(h)->energy;
  return boardOf(h)->energyStatus;
}
int nvmlDeviceGetPowerUsage(Handle *h, unsigned *out) { *out = boardOf(h)->power; return boardOf(h)->powerStatus; }
int nvmlDeviceGetUtilizationRates(Handle *h, unsigned *out) {
  Board *b = boardOf(h);
  out[0] = b->gpu;
  out[1] = b->mem;
  return b->utilStatus;
}
int nvmlDeviceGetMemoryInfo(Handle *h, unsigned long long *out) {
  out[0] = 80ull << 30;
  out[2] = h->instance == 0 ? boardOf(h)->memory : 1ull << 30;
  return boardOf(h)->memoryStatus;
}

static int samples(Board *b, unsigned char *out, unsigned *length, unsigned long long since) {
  if (b->sampleStatus != 0) return b->sampleStatus;
  unsigned found = 0;
  for (unsigned i = 0; i < b->samples; i++) found += b->sample[i].us > since;
  if (found == 0) return 6;
  if (out == NULL || *length < found) { *length = found; return 7; }
  *length = 0;
  for (unsigned i = 0; i < b->samples; i++) {
    if (b->sample[i].us <= since) continue;
    unsigned char *entry = out + 32 * (*length)++;
    memset(entry, 0, 32);
    memcpy(entry, &b->sample[i].pid, 4);
    memcpy(entry + 8, &b->sample[i].us, 8);
    memcpy(entry + 16, &b->sample[i].sm, 4);
  }
  return 0;
}
int nvmlDeviceGetProcessUtilization(Handle *h, unsigned char *out, unsigned *length, unsigned long long since) {
  return samples(boardOf(h), out, length, since);
}

static int processes(Board *b, unsigned *length, unsigned char *out, unsigned size) {
  if (b->processStatus != 0) return b->processStatus;
  if (out == NULL || *length < b->processes) {
    unsigned had = out == NULL ? 0 : *length;
    *length = b->processes;
    return b->processes == 0 || had >= b->processes ? 0 : 7;
  }
  *length = b->processes;
  for (unsigned i = 0; i < b->processes; i++) {
    unsigned char *entry = out + size * i;
    memset(entry, 0, size);
    memcpy(entry, &b->process[i].pid, 4);
    memcpy(entry + 8, &b->process[i].bytes, 8);
    if (size == 24) {
      memcpy(entry + 16, &b->process[i].gi, 4);
      memcpy(entry + 20, &b->process[i].ci, 4);
    }
  }
  return 0;
}
#ifdef OLD
int nvmlDeviceGetComputeRunningProcesses(Handle *h, unsigned *length, unsigned char *out) {
  return processes(boardOf(h), length, out, 16);
}
#else
int nvmlDeviceGetComputeRunningProcesses_v3(Handle *h, unsigned *length, unsigned char *out) {
  return processes(boardOf(h), length, out, 24);
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(Handle *h, unsigned *length, unsigned char *out) {
  (void)h, (void)out;
  *length = 0;
  return 0;
}
int nvmlDeviceGetMemoryInfo_v2(Handle *h, unsigned char *out) {
  unsigned version;
  memcpy(&version, out, 4);
  if (version != (40u | (2u << 24))) return 25;
  unsigned long long used = h->instance == 0 ? boardOf(h)->memory : 1ull << 30;
  memcpy(out + 32, &used, 8);
  return boardOf(h)->memoryStatus;
}
int nvmlDeviceGetMigMode(Handle *h, unsigned *current, unsigned *pending) {
  *current = *pending = boardOf(h)->mig;
  return 0;
}
int nvmlDeviceGetMaxMigDeviceCount(Handle *h, unsigned *out) { (void)h; *out = 7; return 0; }
int nvmlDeviceGetMigDeviceHandleByIndex(Handle *h, unsigned index, Handle **out) {
  if (index >= boardOf(h)->instances) return 6;
  *out = &handles[h->board][index + 1];
  return 0;
}
int nvmlDeviceGetGpuInstanceId(Handle *h, unsigned *out) { *out = instanceOf(h)->gi; return 0; }
int nvmlDeviceGetComputeInstanceId(Handle *h, unsigned *out) { *out = instanceOf(h)->ci; return 0; }
int nvmlDeviceGetAttributes_v2(Handle *h, unsigned *out) {
  out[6] = instanceOf(h)->slices;
  out[7] = instanceOf(h)->compute;
  return 0;
}
/* A sample is the instance that it was taken of. */
int nvmlGpmQueryDeviceSupport(Handle *h, unsigned *out) {
  Board *b = boardOf(h);
  out[1] = b->instances > 0 && b->instance[0].activity >= 0;
  return out[0] == 1 ? 0 : 25;
}
int nvmlGpmSampleAlloc(unsigned **out) { *out = calloc(1, sizeof(unsigned) * 2); return 0; }
int nvmlGpmSampleFree(unsigned *sample) { free(sample); return 0; }
int nvmlGpmMigSampleGet(Handle *h, unsigned gi, unsigned *sample) {
  sample[0] = h->board;
  sample[1] = gi;
  return 0;
}
int nvmlGpmMetricsGet(unsigned char *metrics) {
  unsigned *sample;
  memcpy(&sample, metrics + 16, sizeof sample);
  load();
  Board *b = &boards[sample[0]];
  for (unsigned i = 0; i < b->instances; i++)
    if (b->instance[i].gi == sample[1]) memcpy(metrics + 32, &b->instance[i].activity, 8);
  memset(metrics + 28, 0, 4);
  return 0;
}
#endif

/* A slow disk: preloaded into a server (LD_PRELOAD), makes each fsync last as long as on a tired hard disk.
 *
 * PEDIDOS_BENCH_FSYNC_MS is how long one lasts at least. PEDIDOS_BENCH_FSYNC_COUNT names a file of eight bytes that
 * holds how many there were.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static _Atomic uint64_t *count;
static int64_t least;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

__attribute__((constructor)) static void open_count(void) {
    const char *name = getenv("PEDIDOS_BENCH_FSYNC_COUNT"), *ms = getenv("PEDIDOS_BENCH_FSYNC_MS");
    int file = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    count = page == MAP_FAILED ? NULL : page;
    least = (int64_t)(atof(ms ? ms : "0") * 1e6);
}

static int slowly(const char *name, int file) {
    int64_t ends = now() + least;
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int result = real(file);
    if (count)
        (*count)++;
    int64_t left = ends - now();
    if (left > 0)
        nanosleep(&(struct timespec){left / 1000000000, left % 1000000000}, NULL);
    return result;
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }

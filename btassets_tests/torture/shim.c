/* Failing system calls: interposed by LD_PRELOAD, armed from Python by `torture_arm`.

   Only calls on paths below a prefix count; the nth of the armed kind fails with the given error, and with
   `sticky` every later one, too. Counting goes over all threads of the process and, since the state is in
   shared memory, over its forked children. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN = 0, WRITE, FSYNC, RENAME, READ, MKDIR, UNLINK, TRUNCATE, KINDS };

struct plan {
    atomic_int kind, nth, error, sticky, fired;
    atomic_int seen[KINDS];
    char prefix[4096];
};
static struct plan *plan;

#define REAL(name) ({ static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); real; })

void torture_arm(int kind, int nth, int error, int sticky, const char *prefix) {
    if (!plan) {
        plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (plan == MAP_FAILED) { plan = NULL; return; }
    }
    memset(plan, 0, sizeof *plan);
    strncpy(plan->prefix, prefix, sizeof plan->prefix - 1);
    plan->nth = nth; plan->error = error; plan->sticky = sticky; plan->kind = kind;
}
int torture_fired(void) { return plan ? plan->fired : 0; }
int torture_seen(int kind) { return plan ? plan->seen[kind] : 0; }

static int hit(int kind, const char *path) {
    if (!plan || !plan->prefix[0] || !path || strncmp(path, plan->prefix, strlen(plan->prefix))) return 0;
    int n = atomic_fetch_add(&plan->seen[kind], 1) + 1;
    if (plan->kind != kind || (plan->sticky ? n < plan->nth : n != plan->nth)) return 0;
    plan->fired++;
    errno = plan->error;
    return 1;
}
static int hit_fd(int kind, int fd) {
    char name[64], path[4096];
    if (!plan || !plan->prefix[0]) return 0;
    int kept = errno;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(name, path, sizeof path - 1);
    errno = kept;
    if (n <= 0) return 0;
    path[n] = 0;
    return hit(kind, path);
}

#define OPENER(name)                                                                        \
    int name(const char *path, int flags, ...) {                                            \
        mode_t mode = 0;                                                                    \
        if (flags & (O_CREAT | O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); } \
        if (hit(OPEN, path)) return -1;                                                     \
        return REAL(name)(path, flags, mode);                                               \
    }
OPENER(open)
OPENER(open64)
#define OPENER_AT(name)                                                                     \
    int name(int dir, const char *path, int flags, ...) {                                   \
        mode_t mode = 0;                                                                    \
        if (flags & (O_CREAT | O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); } \
        if (hit(OPEN, path)) return -1;                                                     \
        return REAL(name)(dir, path, flags, mode);                                          \
    }
OPENER_AT(openat)
OPENER_AT(openat64)
ssize_t write(int fd, const void *b, size_t n) { return hit_fd(WRITE, fd) ? -1 : REAL(write)(fd, b, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { return hit_fd(WRITE, fd) ? -1 : REAL(pwrite)(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { return hit_fd(WRITE, fd) ? -1 : REAL(pwrite64)(fd, b, n, o); }
ssize_t writev(int fd, const struct iovec *v, int n) { return hit_fd(WRITE, fd) ? -1 : REAL(writev)(fd, v, n); }
int fsync(int fd) { return hit_fd(FSYNC, fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return hit_fd(FSYNC, fd) ? -1 : REAL(fdatasync)(fd); }
int rename(const char *a, const char *b) { return hit(RENAME, b) ? -1 : REAL(rename)(a, b); }
int renameat(int d, const char *a, int e, const char *b) { return hit(RENAME, b) ? -1 : REAL(renameat)(d, a, e, b); }
ssize_t read(int fd, void *b, size_t n) { return hit_fd(READ, fd) ? -1 : REAL(read)(fd, b, n); }
ssize_t pread(int fd, void *b, size_t n, off_t o) { return hit_fd(READ, fd) ? -1 : REAL(pread)(fd, b, n, o); }
ssize_t pread64(int fd, void *b, size_t n, off64_t o) { return hit_fd(READ, fd) ? -1 : REAL(pread64)(fd, b, n, o); }
int mkdir(const char *p, mode_t m) { return hit(MKDIR, p) ? -1 : REAL(mkdir)(p, m); }
int unlink(const char *p) { return hit(UNLINK, p) ? -1 : REAL(unlink)(p); }
int ftruncate(int fd, off_t n) { return hit_fd(TRUNCATE, fd) ? -1 : REAL(ftruncate)(fd, n); }
int ftruncate64(int fd, off64_t n) { return hit_fd(TRUNCATE, fd) ? -1 : REAL(ftruncate64)(fd, n); }

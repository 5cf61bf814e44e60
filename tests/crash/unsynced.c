/* A file system layer for crash tests, loaded with LD_PRELOAD: it writes down, in $UNSYNCED_LOG, what happens to the files under $UNSYNCED_DIR, so
 * that the test, after it has killed the process, knows what was synced and takes back the rest. That is what a power cut does; a killed process
 * alone loses nothing, because the kernel's page cache outlives it.
 *
 * Records, in the order of the calls, each a header, the name of the file and its bytes:
 *   'C' the file is made now (its name is durable once its directory is synced)
 *   'W' these bytes are written at `offset`
 *   'T' the file is cut or lengthened to `offset`
 *   'S' the file, or the directory, was synced: what was recorded before this is durable
 *   'U' the file is unlinked
 * A change is recorded before it is made, a sync after. Files ending in -shm are shared memory that SQLite rebuilds; they are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

struct header {
    uint8_t kind;
    uint8_t pad[7];
    uint64_t name_length;
    uint64_t offset;
    uint64_t length;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static char dir[PATH_MAX];

static int (*next_open)(const char *, int, ...);
static ssize_t (*next_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*next_write)(int, const void *, size_t);
static int (*next_ftruncate)(int, off64_t);
static int (*next_fsync)(int);
static int (*next_fdatasync)(int);
static int (*next_unlink)(const char *);

/* Runs before any constructor that might write: every function below calls it. */
static void start(void) {
    if (next_open) return;
    next_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    next_write = dlsym(RTLD_NEXT, "write");
    next_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    next_fsync = dlsym(RTLD_NEXT, "fsync");
    next_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    next_unlink = dlsym(RTLD_NEXT, "unlink");
    next_open = dlsym(RTLD_NEXT, "open64");
    const char *path = getenv("UNSYNCED_LOG"), *folder = getenv("UNSYNCED_DIR");
    if (!path || !folder || !realpath(folder, dir)) return;
    log_fd = next_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) abort();
}

__attribute__((constructor)) static void constructed(void) { start(); }

static int watched_name(const char *name) {
    size_t length = strlen(name), prefix = strlen(dir);
    return log_fd >= 0 && strncmp(name, dir, prefix) == 0 && (name[prefix] == '/' || name[prefix] == 0) &&
           !(length > 4 && strcmp(name + length - 4, "-shm") == 0);
}

/* The name of an open file that is watched, or 0. */
static int watched(int fd, char name[PATH_MAX]) {
    char link[64];
    start();
    if (log_fd < 0 || fd == log_fd) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, PATH_MAX - 1);
    if (n <= 0) return 0;
    name[n] = 0;
    return watched_name(name);
}

static void record(uint8_t kind, const char *name, off64_t offset, const void *bytes, size_t length) {
    struct header header = {.kind = kind, .name_length = strlen(name), .offset = (uint64_t)offset, .length = length};
    size_t total = sizeof header + header.name_length + length;
    char *text = malloc(total);
    if (!text) abort();
    memcpy(text, &header, sizeof header);
    memcpy(text + sizeof header, name, header.name_length);
    if (length) memcpy(text + sizeof header + header.name_length, bytes, length);
    /* One write, so that a kill leaves whole records only, of which the reader drops a torn last one. */
    if (next_write(log_fd, text, total) != (ssize_t)total) abort();
    free(text);
}

static int watched_open(const char *path, int flags, mode_t mode) {
    start();
    char folder[PATH_MAX], name[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (log_fd < 0 || !(flags & O_CREAT) || !slash || slash == path || slash - path >= PATH_MAX)
        return next_open(path, flags, mode);
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = 0;
    if (!realpath(folder, name) || strlen(name) + strlen(slash) >= PATH_MAX) return next_open(path, flags, mode);
    strcat(name, slash);
    pthread_mutex_lock(&lock);
    if (watched_name(name) && access(path, F_OK) != 0) record('C', name, 0, NULL, 0);
    int fd = next_open(path, flags, mode);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define OPEN(name)                                  \
    int name(const char *path, int flags, ...) {    \
        mode_t mode = 0;                            \
        if (flags & (O_CREAT | O_TMPFILE)) {        \
            va_list rest;                           \
            va_start(rest, flags);                  \
            mode = va_arg(rest, mode_t);            \
            va_end(rest);                           \
        }                                           \
        return watched_open(path, flags, mode);     \
    }
OPEN(open)
OPEN(open64)

static ssize_t watched_pwrite(int fd, const void *bytes, size_t length, off64_t offset) {
    char name[PATH_MAX];
    if (!watched(fd, name)) return next_pwrite(fd, bytes, length, offset);
    pthread_mutex_lock(&lock);
    record('W', name, offset, bytes, length);
    ssize_t written = next_pwrite(fd, bytes, length, offset);
    /* A full disk is not what is tested here. */
    if (written != (ssize_t)length) abort();
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return watched_pwrite(fd, bytes, length, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    return watched_pwrite(fd, bytes, length, offset);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    char name[PATH_MAX];
    if (!watched(fd, name)) return next_write(fd, bytes, length);
    pthread_mutex_lock(&lock);
    record('W', name, lseek64(fd, 0, SEEK_CUR), bytes, length);
    ssize_t written = next_write(fd, bytes, length);
    if (written != (ssize_t)length) abort();
    pthread_mutex_unlock(&lock);
    return written;
}

static int watched_truncate(int fd, off64_t size) {
    char name[PATH_MAX];
    if (!watched(fd, name)) return next_ftruncate(fd, size);
    pthread_mutex_lock(&lock);
    record('T', name, size, NULL, 0);
    int result = next_ftruncate(fd, size);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int ftruncate(int fd, off_t size) { return watched_truncate(fd, size); }
int ftruncate64(int fd, off64_t size) { return watched_truncate(fd, size); }

/* The lock is held across the sync, so that no write is taken for durable that came after it began. */
static int watched_sync(int fd, int data_only) {
    char name[PATH_MAX];
    int known = watched(fd, name);
    int (*next)(int) = data_only ? next_fdatasync : next_fsync;
    if (!known) return next(fd);
    pthread_mutex_lock(&lock);
    int result = next(fd);
    int error = errno;
    if (result == 0) record('S', name, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int fsync(int fd) { return watched_sync(fd, 0); }
int fdatasync(int fd) { return watched_sync(fd, 1); }

int unlink(const char *path) {
    char name[PATH_MAX];
    start();
    if (!realpath(path, name) || !watched_name(name)) return next_unlink(path);
    pthread_mutex_lock(&lock);
    record('U', name, 0, NULL, 0);
    int result = next_unlink(path);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

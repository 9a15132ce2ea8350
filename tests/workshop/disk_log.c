/* Writes down what a program does to the files of one folder, in order: loaded before the C library.
 *
 * Each record: kind (1 byte), length of the name, offset, length of the data (8 bytes each), name, data.
 * W write  T truncate (offset = new length)  S sync  C create  U unlink  R rename (data = new name)  D sync of the folder
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define MOST 4096
static char *names[MOST];
static int output = -1;
static const char *folder;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    folder = getenv("DISK_LOG_FOLDER");
    const char *path = getenv("DISK_LOG");
    if (folder && path) output = REAL(open)(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
}

static const char *inside(const char *path) {
    size_t length;
    if (output < 0 || !path) return NULL;
    length = strlen(folder);
    if (strncmp(path, folder, length)) return NULL;
    if (!path[length]) return "";
    return path[length] == '/' ? path + length + 1 : NULL;
}

static const char *name_of(int fd) { return output >= 0 && fd >= 0 && fd < MOST ? names[fd] : NULL; }

static void put(const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t done = REAL(write)(output, at, length);
        if (done <= 0) abort();
        at += done, length -= (size_t)done;
    }
}

static void record(char kind, const char *name, uint64_t offset, const void *data, uint64_t length) {
    uint64_t size = strlen(name);
    pthread_mutex_lock(&lock);
    put(&kind, 1), put(&size, 8), put(&offset, 8), put(&length, 8), put(name, size), put(data, length);
    pthread_mutex_unlock(&lock);
}

static int opened(int fd, const char *path, int existed) {
    const char *name = inside(path);
    if (fd >= 0 && fd < MOST) {
        free(names[fd]);
        names[fd] = name ? strdup(name) : NULL;
        if (name && !existed) record('C', name, 0, "", 0);
    }
    return fd;
}

static int there(const char *path) { struct stat found; return stat(path, &found) == 0; }

#define OPEN(call)                                                                   \
    int call(const char *path, int flags, ...) {                                     \
        mode_t mode = 0;                                                             \
        int existed = there(path);                                                   \
        if (flags & (O_CREAT | __O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        return opened(REAL(call)(path, flags, mode), path, existed);                 \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(call)                                                                 \
    int call(int at, const char *path, int flags, ...) {                             \
        mode_t mode = 0;                                                             \
        int existed = there(path);                                                   \
        if (flags & (O_CREAT | __O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        return opened(REAL(call)(at, path, flags, mode), path, existed);             \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    if (fd >= 0 && fd < MOST && fd != output) { free(names[fd]); names[fd] = NULL; }
    return REAL(close)(fd);
}

ssize_t write(int fd, const void *data, size_t length) {
    const char *name = name_of(fd);
    int64_t at = name ? (fcntl(fd, F_GETFL) & O_APPEND ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR)) : 0;
    ssize_t done = REAL(write)(fd, data, length);
    if (name && done > 0) record('W', name, (uint64_t)at, data, (uint64_t)done);
    return done;
}

#define PWRITE(call, offset_type)                                                    \
    ssize_t call(int fd, const void *data, size_t length, offset_type at) {          \
        const char *name = name_of(fd);                                              \
        ssize_t done = REAL(call)(fd, data, length, at);                             \
        if (name && done > 0) record('W', name, (uint64_t)at, data, (uint64_t)done); \
        return done;                                                                 \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(call, offset_type)                                                  \
    int call(int fd, offset_type length) {                                           \
        const char *name = name_of(fd);                                              \
        int done = REAL(call)(fd, length);                                           \
        if (name && done == 0) record('T', name, (uint64_t)length, "", 0);           \
        return done;                                                                 \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(call)                                                                   \
    int call(int fd) {                                                               \
        const char *name = name_of(fd);                                              \
        int done = REAL(call)(fd);                                                   \
        if (name && done == 0) record(*name ? 'S' : 'D', name, 0, "", 0);            \
        return done;                                                                 \
    }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
    const char *name = inside(path);
    int done = REAL(unlink)(path);
    if (name && done == 0) record('U', name, 0, "", 0);
    return done;
}

int rename(const char *before, const char *after) {
    const char *name = inside(before), *then = inside(after);
    int done = REAL(rename)(before, after);
    if (name && then && done == 0) record('R', name, 0, then, strlen(then));
    return done;
}

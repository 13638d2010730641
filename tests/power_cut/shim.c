/* Lets every change of a file below $POWER_CUT_DIRECTORY through and appends it to $POWER_CUT_JOURNAL, so that
 * `drill power-cut` can tell what a power cut would have left of the directory. Loaded by LD_PRELOAD.
 *
 * A record is `struct head`, the path, the second path, the bytes. It is written after the change was made and before the
 * caller hears of it. One lock is held around both: the journal's order is that in which the changes were made. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct head {
    uint8_t kind;
    uint8_t nothing[7];
    uint32_t path, second;
    uint64_t offset, bytes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char directory[4096];
static size_t directory_length;
static int journal = -1;

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("POWER_CUT_DIRECTORY"), *file = getenv("POWER_CUT_JOURNAL");
    if (!where || !file || strlen(where) >= sizeof directory) return;
    strcpy(directory, where);
    directory_length = strlen(where);
    journal = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }
#define REAL(result, name, ...) \
    static result (*next)(__VA_ARGS__); \
    if (!next) next = real(name)

static int below(const char *path) {
    return journal >= 0 && strncmp(path, directory, directory_length) == 0 &&
           (path[directory_length] == 0 || path[directory_length] == '/');
}

/* The path by which an open file goes now; 0 for what is none of ours, or has no name any more. */
static int named(int fd, char *path) {
    char link[64] = "/proc/self/fd/";
    char digits[12];
    int count = 0, at = 14;
    if (journal < 0 || fd < 0) return 0;
    do digits[count++] = '0' + fd % 10; while ((fd /= 10) > 0);
    while (count > 0) link[at++] = digits[--count];
    link[at] = 0;
    ssize_t length = readlink(link, path, 4095);
    if (length <= 0) return 0;
    path[length] = 0;
    return below(path) && !(length > 10 && strcmp(path + length - 10, " (deleted)") == 0);
}

/* A path as a caller gave it, made absolute; 0 for what is none of ours. */
static int given(int at, const char *name, char *path) {
    if (journal < 0 || !name) return 0;
    if (name[0] == '/') {
        if (strlen(name) >= 4096) return 0;
        strcpy(path, name);
        return below(path);
    }
    if (at == AT_FDCWD ? !getcwd(path, 4096) : !named(at, path)) return 0;
    if (strlen(path) + strlen(name) + 2 > 4096) return 0;
    strcat(path, "/");
    strcat(path, name);
    return below(path);
}

static void put(const void *bytes, size_t count) {
    const char *from = bytes;
    while (count > 0) {
        ssize_t done = syscall(SYS_write, journal, from, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) abort();
        from += done;
        count -= done;
    }
}

static void record(char kind, const char *path, const char *second, uint64_t offset, const void *bytes, size_t count) {
    int before = errno;
    struct head head = {.kind = kind, .path = strlen(path), .second = second ? strlen(second) : 0, .offset = offset, .bytes = count};
    put(&head, sizeof head);
    put(path, head.path);
    if (second) put(second, head.second);
    put(bytes, count);
    errno = before;
}

#define LOCKED(result, call, then) \
    pthread_mutex_lock(&lock); \
    result done = call; \
    if (done >= 0) { then; } \
    pthread_mutex_unlock(&lock); \
    return done

#define OPENED(call) \
    LOCKED(int, call, if (flags & O_CREAT) record('C', path, NULL, 0, "", 0); if (flags & O_TRUNC) record('T', path, NULL, 0, "", 0))

#define OPEN(name) \
    int name(const char *file, int flags, ...) { \
        REAL(int, #name, const char *, int, mode_t); \
        va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more); \
        char path[4096]; \
        if (!(flags & (O_CREAT | O_TRUNC)) || !given(AT_FDCWD, file, path)) return next(file, flags, mode); \
        OPENED(next(file, flags, mode)); \
    }
OPEN(open) OPEN(open64)

#define OPENAT(name) \
    int name(int at, const char *file, int flags, ...) { \
        REAL(int, #name, int, const char *, int, mode_t); \
        va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more); \
        char path[4096]; \
        if (!(flags & (O_CREAT | O_TRUNC)) || !given(at, file, path)) return next(at, file, flags, mode); \
        OPENED(next(at, file, flags, mode)); \
    }
OPENAT(openat) OPENAT(openat64)

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    char path[4096];
    if (!named(fd, path)) return next(fd, bytes, count);
    LOCKED(ssize_t, next(fd, bytes, count), record('W', path, NULL, lseek(fd, 0, SEEK_CUR) - done, bytes, done));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    char path[4096];
    if (!named(fd, path)) return next(fd, parts, count);
    pthread_mutex_lock(&lock);
    ssize_t done = next(fd, parts, count);
    uint64_t at = lseek(fd, 0, SEEK_CUR) - (done > 0 ? done : 0);
    for (ssize_t left = done, part = 0; left > 0; part++) {
        ssize_t take = parts[part].iov_len < (size_t)left ? (ssize_t)parts[part].iov_len : left;
        record('W', path, NULL, at, parts[part].iov_base, take);
        at += take;
        left -= take;
    }
    pthread_mutex_unlock(&lock);
    return done;
}

#define PWRITE(name) \
    ssize_t name(int fd, const void *bytes, size_t count, off_t offset) { \
        REAL(ssize_t, #name, int, const void *, size_t, off_t); \
        char path[4096]; \
        if (!named(fd, path)) return next(fd, bytes, count, offset); \
        LOCKED(ssize_t, next(fd, bytes, count, offset), record('W', path, NULL, offset, bytes, done)); \
    }
PWRITE(pwrite) PWRITE(pwrite64)

#define TRUNCATE(name) \
    int name(int fd, off_t length) { \
        REAL(int, #name, int, off_t); \
        char path[4096]; \
        if (!named(fd, path)) return next(fd, length); \
        LOCKED(int, next(fd, length), record('T', path, NULL, length, "", 0)); \
    }
TRUNCATE(ftruncate) TRUNCATE(ftruncate64)

#define SYNC(name) \
    int name(int fd) { \
        REAL(int, #name, int); \
        char path[4096]; \
        if (!named(fd, path)) return next(fd); \
        LOCKED(int, next(fd), record('S', path, NULL, 0, "", 0)); \
    }
SYNC(fsync) SYNC(fdatasync)

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    char path[4096], second[4096];
    int ours = given(AT_FDCWD, from, path), theirs = given(AT_FDCWD, to, second);
    if (!ours && !theirs) return next(from, to);
    LOCKED(int, next(from, to), record('R', ours ? path : "", theirs ? second : "", 0, "", 0));
}

int unlink(const char *file) {
    REAL(int, "unlink", const char *);
    char path[4096];
    if (!given(AT_FDCWD, file, path)) return next(file);
    LOCKED(int, next(file), record('U', path, NULL, 0, "", 0));
}

int unlinkat(int at, const char *file, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    char path[4096];
    if (flags || !given(at, file, path)) return next(at, file, flags);
    LOCKED(int, next(at, file, flags), record('U', path, NULL, 0, "", 0));
}

int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    char path[4096], second[4096];
    if (!given(AT_FDCWD, to, second) || !given(AT_FDCWD, from, path)) return next(from, to);
    LOCKED(int, next(from, to), record('L', path, second, 0, "", 0));
}

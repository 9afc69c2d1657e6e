/*
 * Loaded before a server (LD_PRELOAD), writes down everything that it does to the files below one
 * folder, in the order in which it happened, and makes the disk fail when asked to.
 *
 *   RECORDER_ROOT   the folder that is watched
 *   RECORDER_LOG    the record; left out where only faults are wanted
 *   RECORDER_FAULT  a file; while it is there its first byte says what fails below the folder:
 *                   s  every sync (EIO)
 *                   f  every write and every new file (ENOSPC)
 *
 * A file is known by its inode, so that renaming needs no table of open files. One entry of the
 * record, all numbers in the machine's byte order:
 *
 *   u8 what, u64 inode, i64 place, u32 length of a, u32 length of b, a, b
 *
 *   N new file      a = path                 O file opened that was there   a = path
 *   W write         place, b = bytes         T cut or lengthened            place = new size
 *   S file synced                            D folder synced                a = path
 *   R renamed       a = from, b = to         U name removed                 a = path
 *   M folder made   a = path                 ! something that is not recorded (the run is void)
 *
 * Stores through shared memory maps are not seen (SQLite's -shm, which is no data).
 */
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
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int record = -1;
static const char *fault_file;

#define REAL(result, name, ...)                                                                    \
    static result (*real)(__VA_ARGS__);                                                            \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

static int real_open(const char *path, int flags, int mode) {
    REAL(int, "open", const char *, int, ...);
    return real(path, flags, mode);
}

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("RECORDER_ROOT"), *log = getenv("RECORDER_LOG");
    fault_file = getenv("RECORDER_FAULT");
    if (!folder || !realpath(folder, root)) return;
    root_length = strlen(root);
    if (!log) return;
    int opened = real_open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (opened < 0) _exit(97);
    /* Out of the way of the small numbers that a program may expect. */
    record = fcntl(opened, F_DUPFD_CLOEXEC, 1000);
}

/* What fails now; 0 for nothing. */
static char failing(void) {
    if (!fault_file) return 0;
    int opened = real_open(fault_file, O_RDONLY | O_CLOEXEC, 0);
    if (opened < 0) return 0;
    char what = 0;
    if (read(opened, &what, 1) != 1) what = 0;
    REAL(int, "close", int);
    real(opened);
    return what;
}

static void note(char what, uint64_t inode, int64_t place, const void *a, uint32_t a_length, const void *b, uint32_t b_length) {
    if (record < 0) return;
    char head[25];
    head[0] = what;
    memcpy(head + 1, &inode, 8);
    memcpy(head + 9, &place, 8);
    memcpy(head + 17, &a_length, 4);
    memcpy(head + 21, &b_length, 4);
    struct iovec parts[3] = {{head, sizeof head}, {(void *)a, a_length}, {(void *)b, b_length}};
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    ssize_t wanted = (ssize_t)(sizeof head + a_length + b_length);
    if (real(record, parts, 3) != wanted) _exit(98);
}

static void note_path(char what, uint64_t inode, const char *path) {
    note(what, inode, 0, path, (uint32_t)strlen(path), NULL, 0);
}

static int is_below(const char *path) {
    return root_length && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

/* The path of an open file; 1 when it is watched. */
static int watched(int fd, char *path, struct stat *found) {
    if (!root_length || fd < 0 || fd == record) return 0;
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path) && fstat(fd, found) == 0 && (S_ISREG(found->st_mode) || S_ISDIR(found->st_mode));
}

/* The absolute path of a name that may not be there; 1 when it is watched. */
static int named(int folder, const char *name, char *path) {
    char parent[PATH_MAX * 2], whole[PATH_MAX * 2];
    if (!root_length || !name) return 0;
    if (name[0] == '/' || folder == AT_FDCWD) {
        snprintf(parent, sizeof parent, "%s", name);
    } else {
        char link[40], base[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length <= 0) return 0;
        base[length] = 0;
        snprintf(parent, sizeof parent, "%s/%s", base, name);
    }
    char *slash = strrchr(parent, '/'), resolved[PATH_MAX];
    const char *last = slash ? slash + 1 : parent;
    if (slash == parent) {
        strcpy(resolved, "");
    } else {
        if (slash) *slash = 0;
        if (!realpath(slash ? parent : ".", resolved)) return 0;
    }
    if (snprintf(whole, sizeof whole, "%s/%s", resolved, last) >= PATH_MAX) return 0;
    strcpy(path, whole);
    return is_below(path);
}

static int open_watched(int (*with)(int, const char *, int, int), int folder, const char *name, int flags, int mode) {
    char path[PATH_MAX];
    struct stat found;
    pthread_mutex_lock(&turn);
    int is_new = (flags & O_CREAT) && named(folder, name, path) && faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    int fd = -1;
    if (is_new && failing() == 'f') {
        errno = ENOSPC;
    } else {
        fd = with(folder, name, flags, mode);
    }
    int kept = errno;
    if (fd >= 0 && watched(fd, path, &found) && S_ISREG(found.st_mode)) {
        note_path(is_new ? 'N' : 'O', found.st_ino, path);
        if (!is_new && (flags & O_TRUNC)) note('T', found.st_ino, 0, NULL, 0, NULL, 0);
    }
    errno = kept;
    pthread_mutex_unlock(&turn);
    return fd;
}

static int by_open(int folder, const char *name, int flags, int mode) {
    (void)folder;
    return real_open(name, flags, mode);
}

static int by_openat(int folder, const char *name, int flags, int mode) {
    REAL(int, "openat", int, const char *, int, ...);
    return real(folder, name, flags, mode);
}

#define MODE_ARGUMENT                                                                              \
    int mode = 0;                                                                                  \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                           \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        mode = va_arg(more, int);                                                                  \
        va_end(more);                                                                              \
    }

int open(const char *name, int flags, ...) { MODE_ARGUMENT return open_watched(by_open, AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE_ARGUMENT return open_watched(by_open, AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE_ARGUMENT return open_watched(by_openat, folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE_ARGUMENT return open_watched(by_openat, folder, name, flags, mode); }

/* A write at a place, or where the file stands (place < 0), by `call`. */
#define WRITE(call, bytes, place)                                                                  \
    char path[PATH_MAX];                                                                           \
    struct stat found;                                                                             \
    if (!watched(fd, path, &found)) return call;                                                   \
    pthread_mutex_lock(&turn);                                                                     \
    ssize_t done = -1;                                                                             \
    if (failing() == 'f') {                                                                        \
        errno = ENOSPC;                                                                            \
    } else {                                                                                       \
        done = call;                                                                               \
    }                                                                                              \
    int kept = errno;                                                                              \
    if (done > 0) {                                                                                \
        int64_t at = (place) >= 0 ? (place) : (int64_t)lseek(fd, 0, SEEK_CUR) - done;              \
        note('W', found.st_ino, at, NULL, 0, bytes, (uint32_t)done);                               \
    }                                                                                              \
    errno = kept;                                                                                  \
    pthread_mutex_unlock(&turn);                                                                   \
    return done

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    WRITE(real(fd, bytes, count), bytes, -1);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t place) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    WRITE(real(fd, bytes, count, place), bytes, place);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t place) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    WRITE(real(fd, bytes, count, place), bytes, place);
}

/* Several parts become several writes: each is recorded by itself. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    char path[PATH_MAX];
    struct stat found;
    if (!watched(fd, path, &found)) return real(fd, parts, count);
    ssize_t all = 0;
    for (int part = 0; part < count; part++) {
        ssize_t done = write(fd, parts[part].iov_base, parts[part].iov_len);
        if (done < 0) return all ? all : -1;
        all += done;
        if ((size_t)done < parts[part].iov_len) break;
    }
    return all;
}

static int cut(int (*with)(int, off64_t), int fd, off64_t size) {
    char path[PATH_MAX];
    struct stat found;
    if (!watched(fd, path, &found)) return with(fd, size);
    pthread_mutex_lock(&turn);
    int done = with(fd, size);
    if (done == 0) note('T', found.st_ino, size, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}
static int by_ftruncate(int fd, off64_t size) {
    REAL(int, "ftruncate64", int, off64_t);
    return real(fd, size);
}
int ftruncate(int fd, off_t size) { return cut(by_ftruncate, fd, size); }
int ftruncate64(int fd, off64_t size) { return cut(by_ftruncate, fd, size); }

/* What another thread writes meanwhile waits, so that nothing counts as synced that came later. */
static int sync_watched(int (*with)(int), int fd) {
    char path[PATH_MAX];
    struct stat found;
    if (!watched(fd, path, &found)) return with(fd);
    pthread_mutex_lock(&turn);
    int done = -1;
    if (failing() == 's') {
        errno = EIO;
    } else {
        done = with(fd);
    }
    int kept = errno;
    if (done == 0) note_path(S_ISDIR(found.st_mode) ? 'D' : 'S', found.st_ino, path);
    errno = kept;
    pthread_mutex_unlock(&turn);
    return done;
}
static int by_fsync(int fd) {
    REAL(int, "fsync", int);
    return real(fd);
}
static int by_fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return real(fd);
}
int fsync(int fd) { return sync_watched(by_fsync, fd); }
int fdatasync(int fd) { return sync_watched(by_fdatasync, fd); }

static int rename_watched(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    char old_path[PATH_MAX], new_path[PATH_MAX];
    pthread_mutex_lock(&turn);
    int below = named(from_folder, from, old_path) & named(to_folder, to, new_path);
    int done = real(from_folder, from, to_folder, to, flags);
    int kept = errno;
    if (done == 0 && below) note(flags ? '!' : 'R', 0, 0, old_path, (uint32_t)strlen(old_path), new_path, (uint32_t)strlen(new_path));
    errno = kept;
    pthread_mutex_unlock(&turn);
    return done;
}
int rename(const char *from, const char *to) { return rename_watched(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_folder, const char *from, int to_folder, const char *to) { return rename_watched(from_folder, from, to_folder, to, 0); }
int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) { return rename_watched(from_folder, from, to_folder, to, flags); }

static int remove_watched(int folder, const char *name, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    char path[PATH_MAX];
    pthread_mutex_lock(&turn);
    int below = named(folder, name, path);
    int done = real(folder, name, flags);
    int kept = errno;
    if (done == 0 && below) note_path('U', 0, path);
    errno = kept;
    pthread_mutex_unlock(&turn);
    return done;
}
int unlink(const char *name) { return remove_watched(AT_FDCWD, name, 0); }
int unlinkat(int folder, const char *name, int flags) { return remove_watched(folder, name, flags); }
int rmdir(const char *name) { return remove_watched(AT_FDCWD, name, AT_REMOVEDIR); }

int mkdir(const char *name, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    char path[PATH_MAX];
    pthread_mutex_lock(&turn);
    int below = named(AT_FDCWD, name, path), done = -1;
    if (below && failing() == 'f') {
        errno = ENOSPC;
    } else {
        done = real(name, mode);
    }
    int kept = errno;
    if (done == 0 && below) note_path('M', 0, path);
    errno = kept;
    pthread_mutex_unlock(&turn);
    return done;
}

/* Not recorded by themselves: the caller falls back to plain writes. */
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t count, unsigned flags) {
    REAL(ssize_t, "copy_file_range", int, off64_t *, int, off64_t *, size_t, unsigned);
    char path[PATH_MAX];
    struct stat found;
    if (!watched(to, path, &found)) return real(from, from_at, to, to_at, count, flags);
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t count) {
    REAL(ssize_t, "sendfile64", int, int, off64_t *, size_t);
    char path[PATH_MAX];
    struct stat found;
    if (!watched(to, path, &found)) return real(to, from, at, count);
    errno = ENOSYS;
    return -1;
}

/* Nothing of ours links files; a run in which something does is void. */
int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    char path[PATH_MAX];
    int done = real(from, to);
    if (done == 0 && named(AT_FDCWD, to, path)) note_path('!', 0, path);
    return done;
}

#define _GNU_SOURCE 1
#include "FaultyDisk.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failure(int error) {
    errno = error;
    return -1;
}

static ssize_t writeAt(int descriptor, const void *bytes, size_t count, off_t offset, bool moves) {
    char name[maxName];
    struct stat status;
    if (identify(descriptor, name, &status)) {
        if (moves) {
            bool appends = fcntl(descriptor, F_GETFL) & O_APPEND;
            offset = appends ? status.st_size : lseek(descriptor, 0, SEEK_CUR);
        }
        int error = fate("write", name, (long)count);
        if (error && (error != ENOSPC || !mayGrow(offset + (off_t)count - status.st_size))) return failure(error);
    }
    ssize_t written =
        moves ? syscall(SYS_write, descriptor, bytes, count) : syscall(SYS_pwrite64, descriptor, bytes, count, offset);
    if (written > 0) {
        int saved = errno;
        wrote(descriptor, offset, offset + written);
        errno = saved;
    }
    return written;
}

ssize_t write(int descriptor, const void *bytes, size_t count) { return writeAt(descriptor, bytes, count, 0, true); }
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return writeAt(descriptor, bytes, count, offset, false);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    return writeAt(descriptor, bytes, count, offset, false);
}

int ftruncate(int descriptor, off_t length) {
    char name[maxName];
    struct stat status;
    bool isOurs = identify(descriptor, name, &status);
    if (isOurs) {
        int error = fate("truncate", name, (long)length);
        if (error == EROFS || error == EIO) return failure(error);
        if (error == ENOSPC && !mayGrow(length - status.st_size)) return failure(error);
        if (error == ENOSPC && length < status.st_size) giveRoom(status.st_size - length);
    }
    int result = (int)syscall(SYS_ftruncate, descriptor, length);
    if (isOurs && result == 0 && length > status.st_size) wrote(descriptor, status.st_size, length);
    return result;
}
int ftruncate64(int descriptor, off64_t length) { return ftruncate(descriptor, length); }

// - Returns: 0, or an errno.
static int allocate(int descriptor, int mode, off_t offset, off_t length) {
    char name[maxName];
    struct stat status;
    bool isOurs = identify(descriptor, name, &status);
    if (isOurs) {
        int error = fate("allocate", name, (long)length);
        if (error && (error != ENOSPC || !mayGrow(offset + length - status.st_size))) return error;
    }
    if (syscall(SYS_fallocate, descriptor, mode, offset, length) != 0) return errno;
    if (isOurs) wrote(descriptor, status.st_size, offset + length);
    return 0;
}
int fallocate(int descriptor, int mode, off_t offset, off_t length) {
    int error = allocate(descriptor, mode, offset, length);
    return error ? failure(error) : 0;
}
int fallocate64(int descriptor, int mode, off64_t offset, off64_t length) {
    return fallocate(descriptor, mode, offset, length);
}
int posix_fallocate(int descriptor, off_t offset, off_t length) { return allocate(descriptor, 0, offset, length); }
int posix_fallocate64(int descriptor, off64_t offset, off64_t length) { return allocate(descriptor, 0, offset, length); }

static int syncFile(int descriptor, long call) {
    char name[maxName];
    struct stat status;
    if (!identify(descriptor, name, &status)) return (int)syscall(call, descriptor);
    int error = fate("sync", name, 0);
    // A full disk still syncs what it had room for.
    if (error == EROFS) return failure(error);
    return syncIntoImage(descriptor, name, call, error == ENOSPC ? 0 : error);
}
int fsync(int descriptor) { return syncFile(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return syncFile(descriptor, SYS_fdatasync); }

int unlink(const char *path) {
    const char *name = nameInFolder(path);
    if (!name) return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    int error = fate("remove", name, 0);
    if (error == EROFS || error == EIO) return failure(error);
    struct stat status = {0};
    bool isThere = lstat(path, &status) == 0;
    int result = removeWithImage(path, name);
    if (isThere && result == 0 && error == ENOSPC) giveRoom((off_t)status.st_blocks * 512);
    return result;
}

int rename(const char *from, const char *to) {
    const char *name = nameInFolder(from), *newName = nameInFolder(to);
    if (!name || !newName) return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    int error = fate("rename", name, 0);
    if (error == EROFS || error == EIO) return failure(error);
    return renameWithImage(from, name, to, newName);
}

int statvfs(const char *path, struct statvfs *status) {
    static int (*real)(const char *, struct statvfs *);
    if (!real) real = (int (*)(const char *, struct statvfs *))dlsym(RTLD_NEXT, "statvfs");
    int result = real ? real(path, status) : failure(ENOSYS);
    const char *folder = watchedFolder();
    bool isOurs = folder[0] && strncmp(path, folder, strlen(folder)) == 0;
    if (result == 0 && isOurs && controlledError() == ENOSPC)
        status->f_bavail = status->f_bfree = (unsigned long)roomGiven() / status->f_frsize;
    return result;
}
int statvfs64(const char *path, struct statvfs64 *status) { return statvfs(path, (struct statvfs *)status); }

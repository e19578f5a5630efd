#define _GNU_SOURCE 1
#include "FaultyDisk.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { maxFiles = 64, maxRanges = 4096, copyBytes = 1 << 16 };

struct range { off_t begin, end; };

// A file of the folder. `dirty` holds what was written and not synced, at most maxRanges (then it becomes one range).
struct file {
    bool used;
    dev_t device;
    ino_t inode;
    char name[maxName];
    struct range *dirty;
    size_t count;
};

static struct file files[maxFiles];
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;   // files and their ranges
static pthread_mutex_t syncing = PTHREAD_MUTEX_INITIALIZER; // the image; taken before `table`

const char *nameInFolder(const char *path) {
    if (!watchedFolder()[0] || !path) return NULL;
    const char *slash = strrchr(path, '/');
    if (!slash || slash[1] == 0 || strlen(slash + 1) >= maxName) return NULL;
    char parent[PATH_MAX], real[PATH_MAX];
    if ((size_t)(slash - path) >= sizeof parent) return NULL;
    memcpy(parent, path, (size_t)(slash - path));
    parent[slash - path] = 0;
    return realpath(parent[0] ? parent : "/", real) && strcmp(real, watchedFolder()) == 0 ? slash + 1 : NULL;
}

static bool hasImage(const char *name) {
    size_t length = strlen(name);
    return imageFolder()[0] && !(length > 4 && strcmp(name + length - 4, "-shm") == 0);
}

static bool imagePath(const char *name, const char *suffix, char *path) {
    return snprintf(path, PATH_MAX, "%s/%s%s", imageFolder(), name, suffix) < PATH_MAX;
}

// Adds a range; the caller holds `table`.
static void markDirty(struct file *file, off_t begin, off_t end) {
    if (begin >= end) return;
    struct range *last = file->count ? &file->dirty[file->count - 1] : NULL;
    if (last && begin <= last->end && end >= last->begin) {
        if (begin < last->begin) last->begin = begin;
        if (end > last->end) last->end = end;
        return;
    }
    if (!file->dirty) file->dirty = malloc(maxRanges * sizeof *file->dirty);
    if (!file->dirty) abort();
    if (file->count == maxRanges) {
        for (size_t i = 0; i < file->count; i++) {
            if (file->dirty[i].begin < begin) begin = file->dirty[i].begin;
            if (file->dirty[i].end > end) end = file->dirty[i].end;
        }
        file->count = 0;
    }
    file->dirty[file->count++] = (struct range){begin, end};
}

static void copyRange(int from, int to, off_t begin, off_t end) {
    char buffer[copyBytes];
    while (begin < end) {
        size_t wanted = end - begin < copyBytes ? (size_t)(end - begin) : copyBytes;
        ssize_t count = pread(from, buffer, wanted, begin);
        if (count < 0) abort();
        if (count == 0) return;
        if (syscall(SYS_pwrite64, to, buffer, (size_t)count, begin) != count) abort();
        begin += count;
    }
}

// A descriptor that the file can be read through. It is the caller's where that can be read: closing one of our own would drop the
// process's locks on the file, which SQLite holds (and SQLite reads whatever it writes).
static int readable(int descriptor) {
    if ((fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_WRONLY) return descriptor;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    int own = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC);
    if (own < 0) abort();
    return own;
}

// Writes ranges into the file's image. The caller holds `syncing`, or knows that the file has no image yet.
static void updateImage(int descriptor, const char *name, const struct range *ranges, size_t count) {
    char path[PATH_MAX];
    struct stat status;
    if (!imagePath(name, "", path) || fstat(descriptor, &status) != 0) abort();
    int copy = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (copy < 0) abort();
    int source = readable(descriptor);
    for (size_t i = 0; i < count; i++) copyRange(source, copy, ranges[i].begin, ranges[i].end);
    if (source != descriptor) close(source);
    if (syscall(SYS_ftruncate, copy, status.st_size) != 0) abort();
    close(copy);
}

// A file is seen for the first time by this process, before it is changed. One that is there and has no image is taken as
// synced. In one that has, whatever an earlier process left unsynced may be anywhere: all of it is dirty. The caller holds `table`.
static void meet(struct file *file, int descriptor, off_t size) {
    if (!hasImage(file->name)) return;
    char synced[PATH_MAX], unsynced[PATH_MAX];
    if (!imagePath(file->name, "", synced) || !imagePath(file->name, ".unsynced", unsynced)) abort();
    if (access(synced, F_OK) == 0 || access(unsynced, F_OK) == 0) {
        markDirty(file, 0, size);
    } else if (size > 0) {
        updateImage(descriptor, file->name, &(struct range){0, size}, 1);
    } else {
        int marker = (int)syscall(SYS_openat, AT_FDCWD, unsynced, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (marker < 0) abort();
        close(marker);
    }
}

// The entry of an open file, or NULL if it is none of ours. The caller holds `table`.
static struct file *fileOf(int descriptor, struct stat *status) {
    if (!watchedFolder()[0] || fstat(descriptor, status) != 0 || !S_ISREG(status->st_mode)) return NULL;
    struct file *unused = NULL;
    for (struct file *file = files; file < files + maxFiles; file++) {
        if (file->used && file->device == status->st_dev && file->inode == status->st_ino) return file;
        if (!file->used && !unused) unused = file;
    }
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return NULL;
    path[length] = 0;
    const char *name = nameInFolder(path);
    if (!name) return NULL;
    if (!unused) abort();
    *unused = (struct file){.used = true, .device = status->st_dev, .inode = status->st_ino};
    snprintf(unused->name, maxName, "%s", name);
    meet(unused, descriptor, status->st_size);
    return unused;
}

bool identify(int descriptor, char name[maxName], struct stat *status) {
    pthread_mutex_lock(&table);
    struct file *file = fileOf(descriptor, status);
    if (file) memcpy(name, file->name, maxName);
    pthread_mutex_unlock(&table);
    return file != NULL;
}

void wrote(int descriptor, off_t begin, off_t end) {
    struct stat status;
    pthread_mutex_lock(&table);
    struct file *file = fileOf(descriptor, &status);
    // Behind the write: a sync that runs meanwhile may have missed it, and the next one must not.
    if (file && hasImage(file->name)) markDirty(file, begin, end);
    pthread_mutex_unlock(&table);
}

int syncIntoImage(int descriptor, const char *name, long call, int error) {
    // Whoever syncs waits for a sync under way: its writes are not on the disk before that one has returned.
    pthread_mutex_lock(&syncing);
    pthread_mutex_lock(&table);
    struct stat status;
    struct file *file = fileOf(descriptor, &status);
    struct range *ranges = file ? file->dirty : NULL;
    size_t count = file ? file->count : 0;
    if (file) {
        file->dirty = NULL;
        file->count = 0;
    }
    pthread_mutex_unlock(&table);
    int result = error ? -1 : (int)syscall(call, descriptor);
    if (result == 0 && file && hasImage(name)) updateImage(descriptor, name, ranges, count);
    free(ranges);
    pthread_mutex_unlock(&syncing);
    if (error) errno = error;
    return result;
}

// Moves an image with its file, or removes it where there is no new name. The caller holds `syncing` and `table`.
static void moveImage(const char *from, const char *to) {
    static const char *const suffixes[] = {"", ".unsynced"};
    for (int i = 0; i < 2; i++) {
        char old[PATH_MAX], new[PATH_MAX];
        if (!imagePath(from, suffixes[i], old)) abort();
        if (to && !imagePath(to, suffixes[i], new)) abort();
        if (to) syscall(SYS_unlinkat, AT_FDCWD, new, 0);
        if (to) syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0);
        else syscall(SYS_unlinkat, AT_FDCWD, old, 0);
    }
}

static void forget(const char *name) {
    for (struct file *file = files; file < files + maxFiles; file++)
        if (file->used && strcmp(file->name, name) == 0) {
            free(file->dirty);
            *file = (struct file){0};
        }
}

int removeWithImage(const char *path, const char *name) {
    pthread_mutex_lock(&syncing);
    pthread_mutex_lock(&table);
    int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (result == 0) {
        forget(name);
        if (imageFolder()[0]) moveImage(name, NULL);
    }
    pthread_mutex_unlock(&table);
    pthread_mutex_unlock(&syncing);
    return result;
}

int renameWithImage(const char *from, const char *name, const char *to, const char *newName) {
    pthread_mutex_lock(&syncing);
    pthread_mutex_lock(&table);
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (result == 0) {
        forget(newName);
        for (struct file *file = files; file < files + maxFiles; file++)
            if (file->used && strcmp(file->name, name) == 0) snprintf(file->name, maxName, "%s", newName);
        if (imageFolder()[0]) moveImage(name, newName);
    }
    pthread_mutex_unlock(&table);
    pthread_mutex_unlock(&syncing);
    return result;
}

#define _GNU_SOURCE 1
#include "FaultyDisk.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// The N-th call of a kind on a file.
struct point {
    bool set;
    char call[16], name[maxName];
    long number;
    atomic_long seen;
    int error;
};

static char folder[PATH_MAX], image[PATH_MAX], control[PATH_MAX], trace[PATH_MAX];
static struct point killPoint, failPoint;
static atomic_long freed; // bytes that were freed while the disk was full

const char *watchedFolder(void) { return folder; }
const char *imageFolder(void) { return image; }

static int errorNamed(const char *name) {
    if (strncmp(name, "ENOSPC", 6) == 0) return ENOSPC;
    if (strncmp(name, "EROFS", 5) == 0) return EROFS;
    return strncmp(name, "EIO", 3) == 0 ? EIO : 0;
}

static void readPoint(const char *text, struct point *point) {
    if (text && sscanf(text, "%15[^:]:%199[^:]:%ld", point->call, point->name, &point->number) == 3) point->set = true;
}

static void copyPath(const char *variable, char *path) {
    const char *value = getenv(variable);
    if (value) snprintf(path, PATH_MAX, "%s", value);
}

__attribute__((constructor)) static void readOrders(void) {
    const char *wanted = getenv("FAULTY_DISK_FOLDER");
    if (!wanted || !realpath(wanted, folder)) return;
    copyPath("FAULTY_DISK_IMAGE", image);
    copyPath("FAULTY_DISK_CONTROL", control);
    copyPath("FAULTY_DISK_TRACE", trace);
    readPoint(getenv("FAULTY_DISK_KILL"), &killPoint);
    const char *fail = getenv("FAULTY_DISK_FAIL");
    const char *rest = fail ? strchr(fail, ':') : NULL;
    if (rest) {
        failPoint.error = errorNamed(fail);
        readPoint(rest + 1, &failPoint);
    }
}

// Whether this call is the point's; it is counted.
static bool reaches(struct point *point, const char *call, const char *name) {
    if (!point->set) return false;
    if (strcmp(point->call, "*") != 0 && strcmp(point->call, call) != 0) return false;
    if (strcmp(point->name, "*") != 0 && strcmp(point->name, name) != 0) return false;
    return atomic_fetch_add(&point->seen, 1) + 1 == point->number;
}

int controlledError(void) {
    if (!control[0]) return 0;
    int file = (int)syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[16] = {0};
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    return count > 0 ? errorNamed(text) : 0;
}

int fate(const char *call, const char *name, long bytes) {
    if (trace[0]) {
        char line[maxName + 64];
        int length = snprintf(line, sizeof line, "%s %s %ld\n", call, name, bytes);
        int file = (int)syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (file >= 0) {
            syscall(SYS_write, file, line, (size_t)length);
            close(file);
        }
    }
    if (reaches(&killPoint, call, name)) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    int error = reaches(&failPoint, call, name) ? failPoint.error : controlledError();
    if (error != ENOSPC) atomic_store(&freed, 0);
    return error;
}

void giveRoom(off_t bytes) { atomic_fetch_add(&freed, bytes); }
long roomGiven(void) { return atomic_load(&freed); }

bool mayGrow(off_t bytes) {
    if (bytes <= 0) return true;
    long room = atomic_load(&freed);
    while (room >= bytes)
        if (atomic_compare_exchange_weak(&freed, &room, room - bytes)) return true;
    return false;
}

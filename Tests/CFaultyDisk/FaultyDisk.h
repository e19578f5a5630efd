// A disk that fails when a test wants it to, for programs that know nothing of it: loaded by LD_PRELOAD, it stands between
// them (and libsqlite3 inside them) and libc's disk calls, for the files of one folder.
//
//   FAULTY_DISK_FOLDER   the folder whose files are meant, without those of its subfolders
//   FAULTY_DISK_IMAGE    a folder that gets, file by file, what a loss of power would leave: what was synced
//   FAULTY_DISK_KILL     CALL:FILE:N   SIGKILL instead of the N-th such call: sync:send.db-wal:3
//   FAULTY_DISK_FAIL     ERROR:CALL:FILE:N   from the N-th such call on, calls fail: EIO:write:recv.db:1
//   FAULTY_DISK_CONTROL  a file; while it holds ENOSPC, EROFS or EIO, calls fail like that
//   FAULTY_DISK_TRACE    a file that gets one line for each call: `write send.db-wal 4120`
//
// CALL is write, truncate, allocate, sync, remove or rename; FILE a name in the folder; either may be `*`.
//
// What each error means. ENOSPC: nothing grows, but what a removal or a truncation freed may be used again, and statvfs says
// so. EROFS: nothing changes. EIO: writes and syncs fail, and a sync that failed forgets what it should have written, as Linux does.
//
// What a loss of power leaves: a write is on the disk once a sync of its file, begun after it, has returned. TestKit's
// `PowerLoss` puts the image back, with a random part of the unsynced sectors. A file that was never synced is `NAME.unsynced` in
// the image. Removals and renames are on the disk at once (a journalling file system would take them back only in order).
// Index files (`-shm`) are memory that happens to have a name; they have no image.
//
//   Calls.c    libc's calls, one after the other ─▶ Orders.c   does this one fail, or the process end here?
//                                                ─▶ Image.c    what is on the disk now?
#pragma once
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

enum { maxName = 200 };

// Nothing of this is seen by the program.
#pragma GCC visibility push(hidden)

// Orders.c

/// The folder whose files are meant, resolved; empty: none.
const char *watchedFolder(void);
/// The folder of the image; empty: none is kept.
const char *imageFolder(void);
/// What happens to a call before it is made: the process ends here, or the error that it shall return, or 0.
int fate(const char *call, const char *name, long bytes);
/// The error that the control file orders, or 0.
int controlledError(void);
/// On a full disk: a removal or a truncation gave room.
void giveRoom(off_t bytes);
/// What was given and not used.
long roomGiven(void);
/// On a full disk: whether a file may grow by so many bytes after all.
bool mayGrow(off_t bytes);

// Image.c

/// The name of a path directly in the folder, or NULL.
const char *nameInFolder(const char *path);
/// Copies the name of an open file of ours, and its status.
/// - Returns: false if it is none.
bool identify(int descriptor, char name[maxName], struct stat *status);
/// Bytes of a file of ours were written.
void wrote(int descriptor, off_t begin, off_t end);
/// Syncs a file of ours by this system call and takes what was written into the image; or, when it shall fail, forgets it.
int syncIntoImage(int descriptor, const char *name, long call, int error);
/// Removes a file of ours and its image.
int removeWithImage(const char *path, const char *name);
/// Renames a file of ours and its image.
int renameWithImage(const char *from, const char *name, const char *to, const char *newName);
#pragma GCC visibility pop

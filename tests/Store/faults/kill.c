/* Ends the process at its nth operation on files below a folder, as a power switch would: before the operation.
   Loaded by LD_PRELOAD. Operations: open for writing, write, pwrite, fsync, fdatasync, rename, unlink, ftruncate, mkdir.

     KILL_BELOW=/data     the folder; only names and descriptors below it count, of all threads together
     KILL_AT=7            the operation to die at; 0 for none
     KILL_LOG=/tmp/log    a file that gets a line for each operation: its name and what it is done to */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long operations;

static void log_operation(const char *name, const char *path) {
  const char *log = getenv("KILL_LOG");
  char line[PATH_MAX + 32];
  if (log) {
    int length = snprintf(line, sizeof line, "%s %s\n", name, path);
    int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file >= 0) {
      syscall(SYS_write, file, line, (size_t)length);
      syscall(SYS_close, file);
    }
  }
}

static void count(const char *name, int descriptor, const char *path) {
  const char *below = getenv("KILL_BELOW");
  char link[64], target[PATH_MAX];
  if (!below) return;
  if (!path) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0) return;
    target[length] = 0;
    path = target;
  }
  if (strncmp(path, below, strlen(below))) return;
  log_operation(name, path);
  const char *at = getenv("KILL_AT");
  if (at && atomic_fetch_add(&operations, 1) + 1 == atol(at)) syscall(SYS_kill, getpid(), SIGKILL);
}

/* The runtime looks functions of libc up by name, which passes by what LD_PRELOAD put before it. */
static void *real_dlsym(void *library, const char *name) {
  static void *(*real)(void *, const char *);
  const char *versions[] = {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5"};
  for (size_t i = 0; !real && i < sizeof versions / sizeof *versions; i++)
    real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", versions[i]);
  return real(library, name);
}

void *dlsym(void *restrict library, const char *restrict name) {
  return strcmp(name, "fsync") ? real_dlsym(library, name) : (void *)fsync;
}

#define REAL(result, name, ...) \
  static result (*real)(__VA_ARGS__); \
  if (!real) real = (result (*)(__VA_ARGS__))real_dlsym(RTLD_NEXT, #name)

#define ON_DESCRIPTOR(result, name, parameters, arguments, ...) \
  result name parameters { \
    REAL(result, name, __VA_ARGS__); \
    count(#name, descriptor, NULL); \
    return real arguments; \
  }

#define ON_PATH(name, parameters, arguments, counted, ...) \
  int name parameters { \
    REAL(int, name, __VA_ARGS__); \
    count(#name, -1, counted); \
    return real arguments; \
  }

#define ON_OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(int, name, const char *, int, ...); \
    va_list rest; \
    va_start(rest, flags); \
    int mode = va_arg(rest, int); \
    va_end(rest); \
    if (flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) count(#name, -1, path); \
    return real(path, flags, mode); \
  }

ON_DESCRIPTOR(int, fsync, (int descriptor), (descriptor), int)
ON_DESCRIPTOR(int, fdatasync, (int descriptor), (descriptor), int)
ON_DESCRIPTOR(ssize_t, write, (int descriptor, const void *bytes, size_t size), (descriptor, bytes, size), int, const void *, size_t)
ON_DESCRIPTOR(ssize_t, pwrite, (int descriptor, const void *bytes, size_t size, off_t at), (descriptor, bytes, size, at), int, const void *, size_t, off_t)
ON_DESCRIPTOR(ssize_t, pwrite64, (int descriptor, const void *bytes, size_t size, off64_t at), (descriptor, bytes, size, at), int, const void *, size_t, off64_t)
ON_DESCRIPTOR(ssize_t, pwritev, (int descriptor, const struct iovec *parts, int n, off_t at), (descriptor, parts, n, at), int, const struct iovec *, int, off_t)
ON_DESCRIPTOR(ssize_t, pwritev64, (int descriptor, const struct iovec *parts, int n, off64_t at), (descriptor, parts, n, at), int, const struct iovec *, int, off64_t)
ON_DESCRIPTOR(int, ftruncate, (int descriptor, off_t size), (descriptor, size), int, off_t)
ON_DESCRIPTOR(int, ftruncate64, (int descriptor, off64_t size), (descriptor, size), int, off64_t)
ON_PATH(rename, (const char *from, const char *target), (from, target), target, const char *, const char *)
ON_PATH(unlink, (const char *path), (path), path, const char *)
ON_PATH(mkdir, (const char *path, mode_t mode), (path, mode), path, const char *, mode_t)
ON_OPEN(open)
ON_OPEN(open64)

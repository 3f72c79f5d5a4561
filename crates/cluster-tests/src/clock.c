// The clock of a program that loads this first: it stands at the second that the file CLUSTER_TESTS_CLOCK holds, or is right
// where that holds nothing. It calls nothing that allocates: an allocator asks for the time before it can serve.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    long result = syscall(SYS_clock_gettime, clock, time);
    const char *path = getenv("CLUSTER_TESTS_CLOCK");
    if (result != 0 || clock != CLOCK_REALTIME || path == NULL) {
        return (int)result;
    }
    char text[32] = {0};
    long file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        syscall(SYS_read, file, text, sizeof text - 1);
        syscall(SYS_close, file);
    }
    if (text[0] != 0) {
        time->tv_sec = strtoll(text, NULL, 10);
        time->tv_nsec = 0;
    }
    return 0;
}

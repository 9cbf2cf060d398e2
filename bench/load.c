/* Offers events: `load CALLS [NANOSECONDS_BETWEEN]` prints its pid and waits for a line; then it writes one byte to
   /dev/null CALLS times, prints what a call took of its processor's time in nanoseconds (so that others who want the
   processor are not counted), and waits for the next line or the end of its input. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* A sleeping process leaves its processor to the tracers; short pauses are too short to sleep. */
static void pause_until(long long due)
{
    long long left = due - now(CLOCK_MONOTONIC);

    if (left > 60000)
        nanosleep(&(struct timespec){ left / 1000000000, left % 1000000000 }, NULL);
    else
        while (now(CLOCK_MONOTONIC) < due)
            ;
}

int main(int argc, char **argv)
{
    long calls = atol(argv[1]), between = argc > 2 ? atol(argv[2]) : 0;
    int fd = open("/dev/null", O_WRONLY);
    char line[16];

    printf("%d\n", getpid());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        long long due = now(CLOCK_MONOTONIC), started = now(CLOCK_THREAD_CPUTIME_ID);

        for (long i = 0; i < calls; i++) {
            if (between)
                pause_until(due += between);
            if (write(fd, "x", 1) != 1)
                return 1;
        }
        printf("%.1f\n", (double)(now(CLOCK_THREAD_CPUTIME_ID) - started) / calls);
        fflush(stdout);
    }
    return 0;
}

/* Runs the check of the library; the alarm ends a program that panicked. */
#include <unistd.h>

int ws_core_check(void);

int main(void) {
    alarm(60);
    return ws_core_check();
}

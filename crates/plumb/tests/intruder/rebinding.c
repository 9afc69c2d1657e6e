/* Whoever answers for a name answers differently the second time: loaded before the server, this takes
 * the place of the system's look-up for one name and notes each look in a file. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static atomic_int looks;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    look_up *real = (look_up *)dlsym(RTLD_NEXT, "getaddrinfo");
    const char *ours = getenv("REBINDING_NAME"), *log = getenv("REBINDING_LOG");
    if (!name || !ours || !log || strcmp(name, ours) != 0)
        return real(name, service, hints, found);
    const char *address = getenv(atomic_fetch_add(&looks, 1) == 0 ? "REBINDING_FIRST" : "REBINDING_THEN");
    int file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file >= 0) {
        if (write(file, "x", 1) != 1)
            abort();
        close(file);
    }
    return real(address, service, hints, found);
}

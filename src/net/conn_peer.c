/* Who is at the other end of a connection. */
#include <stdio.h>
#include <sys/socket.h>

#include "net/conn.h"

void conn_name_peer(struct conn *c)
{
    struct sockaddr_storage ss;
    int len = sizeof(ss), fd;
    if (c->local) {
        struct ucred cred;
        socklen_t cred_len = sizeof(cred);
        c->peer_uid = (uid_t)-1;
        if (uv_fileno(&c->io.handle, &fd) == 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len) == 0) {
            c->peer_uid = cred.uid;
        }
        return;
    }
    if (uv_tcp_getpeername(&c->io.tcp, (struct sockaddr *)&ss, &len)) return;
    if (ss.ss_family == AF_INET) {
        (void)uv_ip4_name((struct sockaddr_in *)&ss, c->peer, sizeof(c->peer)); /* the buffer is large enough */
    } else if (ss.ss_family == AF_INET6) {
        (void)uv_ip6_name((struct sockaddr_in6 *)&ss, c->peer, sizeof(c->peer)); /* the buffer is large enough */
        if (strncmp(c->peer, "::ffff:", 7) == 0 && strchr(c->peer, '.')) {
            memmove(c->peer, c->peer + 7, strlen(c->peer + 7) + 1); /* an IPv4 client of a dual-stack listener */
        }
    }
}

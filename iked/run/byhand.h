/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IKED_RUN_BYHAND_H
#define IKED_RUN_BYHAND_H

/*
 * "iked -f FILE -d": not the daemon, which causewayd starts, but racoon's command line. It does not become the daemon: it has "ikectl racoon" put
 * FILE in force, and ends or shows what happens. Returns only when the words are not for it.
 */
void iked_by_hand(int argc, char **argv);

#endif

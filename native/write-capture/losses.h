/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOSSES_H
#define LOSSES_H

#include <stdint.h>

struct capture_bpf;

/* Begins to look at the map of losses. `map` is the map of all disks' lost regions, mapped to memory. */
void watch_losses(struct capture_bpf *program, uint64_t *map);

/* Tells what was lost since the last call, with urgent frames. */
void tell_losses(void);

#endif

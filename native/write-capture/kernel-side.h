/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KERNEL_SIDE_H
#define KERNEL_SIDE_H

#include <stdint.h>

struct capture_bpf;

/*
 * Loads the program and lets it see changes; nothing is captured until a disk is added.
 * `device` is any block device with a disk under it: one block of it is read, to find out how memory lies.
 */
struct capture_bpf *start_capture(const char *device, uint64_t ring_bytes);

#endif

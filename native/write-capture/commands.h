/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>

struct capture_bpf;

/* Prepares for commands on the standard input. */
void open_commands(struct capture_bpf *program);

/* Reads what there is. @returns whether more may come; false: whoever gives commands is gone */
bool read_commands(void);

/* Answers what has become true. @returns whether an answer still waits for a change to end */
bool answer_settled(void);

#endif

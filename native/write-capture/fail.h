/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAIL_H
#define FAIL_H

/* Ways in which the program ends; see README.md. */
enum exit_code { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNSUPPORTED = 3, EXIT_BROKEN = 4 };

/* Ends the program, saying why in words for people. */
_Noreturn void fail(enum exit_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* malloc that ends the program when there is no memory: it must not go on with a hole in what it knows. */
void *allocate(unsigned long bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void fail(enum exit_code code, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
	exit(code);
}

void *allocate(unsigned long bytes)
{
	void *memory = malloc(bytes);
	if (!memory)
		fail(EXIT_FAILED, "there is no memory for %lu bytes", bytes);
	return memory;
}

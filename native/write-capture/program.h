/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF program as bpftool wraps it, which speaks of types that it does not name. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "records.h"

#include "capture.skel.h"

#endif

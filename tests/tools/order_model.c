/* SPDX-License-Identifier: MIT */
/*
 * order_model - prints what GET /order-model answers, for the documentation.
 *
 * Takes no arguments and reads nothing: the tables of core/order/state.c are
 * all it knows.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "order/state.h"

int
main(void)
{
	struct buf out = BUF_INIT(1u << 20);
	int rc = EXIT_FAILURE;

	order_model_write(&out);
	if (!out.full && puts(out.p) >= 0 && fflush(stdout) == 0)
		rc = EXIT_SUCCESS;
	buf_done(&out);
	return rc;
}

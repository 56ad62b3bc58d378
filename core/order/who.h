/* SPDX-License-Identifier: MIT */
/*
 * who - the caller of anything: role, tenant, subject, until when.
 *
 * Immutable and counted, so that a front and the orders loop may hold the
 * same one.  What a role may do is decided by the pure functions here and
 * nowhere else.
 */
#ifndef ORDER_WHO_H
#define ORDER_WHO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum role {
	ROLE_NONE = 0,
	ROLE_CUSTOMER,
	ROLE_KITCHEN,
	ROLE_SERVICE,
	ROLE_ADMIN,
	ROLE_TRACKING,		/* holds a tracking token: one order, to read */
};

struct who {
	atomic_int refs;
	enum role role;
	int64_t expires_ms;	/* wall clock; INT64_MAX: never */
	const char *tenant;	/* "*": any, for admins only */
	const char *sub;	/* customer's id; "" with tracking tokens */
	const char *order_id;	/* ROLE_TRACKING: the one order; else "" */
	char text[];		/* the strings above */
};

struct who *who_new(enum role, const char *tenant, const char *sub,
    const char *order_id, int64_t expires_ms);
struct who *who_ref(const struct who *);
void who_unref(struct who **);

const char *role_name(enum role);
enum role role_by_name(const char *);	/* ROLE_NONE when there is none */

/* The token's tenant is this one, or an admin's "*". */
bool who_is_in(const struct who *, const char *tenant);
/* May see this order (the tenant is checked by who_is_in). */
bool who_may_read(const struct who *, const char *order_id,
    const char *customer_id);
/* Kitchen staff, the platform's service and admins. */
bool who_may_cook(const struct who *);
/* The platform's service and admins: create, assign, add events. */
bool who_may_serve(const struct who *);
bool who_is_admin(const struct who *);

#endif

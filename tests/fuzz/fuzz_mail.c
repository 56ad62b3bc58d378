/* SPDX-License-Identifier: MIT */
/*
 * fuzz_mail - a mail of any title, text and link, and what a server says of it.
 *
 * It would notice a breach as a line that does not end with CRLF, or a header
 * that is none of ours.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../plugins/channel-email/address.h"
#include "../../plugins/channel-email/message.h"
#include "../../plugins/channel-email/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
head_check(const char *p)
{
	static const char *const ours[] = { "Date:", "From:", "To:",
		"Subject:", "Message-Id:", "Auto-Submitted:", "Reply-To:",
		"List-Unsubscribe:", "List-Unsubscribe-Post:",
		"MIME-Version:", "Content-Type:",
		"Content-Transfer-Encoding:", " ", "\t", NULL };
	size_t i;

	for (; strncmp(p, "\r\n", 2) != 0; p = strchr(p, '\n') + 1) {
		for (i = 0; ours[i]; i++) {
			if (strncasecmp(p, ours[i], strlen(ours[i])) == 0)
				break;
		}
		if (!ours[i] || !strchr(p, '\n'))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct message m = {
		.from = "Caf\xc3\xa9 <orders@cafe.example>",
		.reply_to = "", .to = "joe@example.org", .key = "key-1",
		.unsubscribe_mailto = "off@cafe.example", .html = "",
	};
	struct ow_address address;
	struct ow_fault fault;
	char line[80], *text, *mail;
	size_t mail_n;

	if (n == 0 || n > 4096)
		return 0;
	text = calloc(1, n);
	memcpy(text, data + 1, n - 1);
	m.subject = m.text = m.unsubscribe_url = text;
	if (data[0] & 1)
		m.html = text;
	message_setup();
	mail = message_write(&m, &mail_n);
	if (!mail)
		abort();
	for (size_t i = 0; i < mail_n; i++) {
		if (mail[i] == '\n' ? i == 0 || mail[i - 1] != '\r' :
		    mail[i] == '\r' && mail[i + 1] != '\n')
			abort();
	}
	head_check(mail);
	if (address_check(text, &address, &fault) == OW_OK &&
	    strpbrk(text, "\r\n <>"))
		abort();
	address_scrub(text, line, sizeof(line));
	(void)verdict_of_refusal(500 + data[0] % 100, text, OW_REJECTED);
	free(mail);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * message - see message.h.
 *
 * GMime encodes: RFC 2047 words in headers, quoted-printable bodies.  What is
 * decided here is which headers there are.  No byte of a notice reaches a
 * header unless control characters were taken out first.
 *
 * On the path: deliver() builds it, net->mail() carries it.
 */
#include <stdlib.h>
#include <string.h>

#include <gmime/gmime.h>

#include "address.h"
#include "message.h"

#define SUBJECT_MAX 500		/* bytes; what is longer is cut */
#define LINE_MAX_BYTES 900	/* RFC 5322 has 998 with the name */

void
message_setup(void)
{
	/* Never shut down: GMime 3.2 does not come back from that, and its
	   tables are the process', whoever else uses them. */
	g_mime_init();
}

static InternetAddressMailbox *
mailbox_of(InternetAddressList *list)
{
	InternetAddress *one;

	if (!list || internet_address_list_length(list) != 1)
		return NULL;
	one = internet_address_list_get_address(list, 0);
	return INTERNET_ADDRESS_IS_MAILBOX(one) ?
	    INTERNET_ADDRESS_MAILBOX(one) : NULL;
}

char *
message_mailbox(const char *from)
{
	struct ow_address address;
	struct ow_fault fault;
	InternetAddressList *list;
	InternetAddressMailbox *box;
	const char *text;
	char *mailbox = NULL;

	for (const char *p = from; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return NULL;
	}
	list = internet_address_list_parse(NULL, from);
	box = mailbox_of(list);
	text = box ? internet_address_mailbox_get_addr(box) : NULL;
	if (text && address_check(text, &address, &fault) == OW_OK)
		mailbox = strdup(text);
	if (list)
		g_object_unref(list);
	return mailbox;
}

/* Valid UTF-8 on one line without control characters, at most SUBJECT_MAX
   bytes; for g_free. */
static char *
subject_clean(const char *subject)
{
	char *clean = g_utf8_make_valid(subject, -1);
	size_t n = strlen(clean);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)clean[i] < ' ' || clean[i] == 0x7f)
			clean[i] = ' ';
	}
	if (n > SUBJECT_MAX) {
		for (n = SUBJECT_MAX; (clean[n] & 0xc0) == 0x80; )
			n--;
		clean[n] = '\0';
	}
	return g_strstrip(clean);
}

/* Printable ASCII without what would end the angle brackets. */
static bool
is_plain_url(const char *url)
{
	if (strlen(url) > LINE_MAX_BYTES)
		return false;
	for (; *url; url++) {
		if ((unsigned char)*url <= ' ' || *url == 0x7f ||
		    (unsigned char)*url > 0x7f || *url == '<' || *url == '>')
			return false;
	}
	return true;
}

/* As it stands: GMime would make encoded words of a long URL, and no reader
   looks for one in there (RFC 2047, 5).  Breaks in value are "\n ". */
static void
header_put_raw(GMimeObject *mail, const char *name, GString *value)
{
	g_string_prepend_c(value, ' ');
	g_string_append_c(value, '\n');
	g_mime_object_set_header(mail, name, "", NULL);
	g_mime_header_set_raw_value(g_mime_header_list_get_header(
	    g_mime_object_get_header_list(mail), name), value->str);
}

static void
message_put_unsubscribe(GMimeObject *mail, const struct message *m)
{
	const char *url = is_plain_url(m->unsubscribe_url) ?
	    m->unsubscribe_url : "";
	GString *list = g_string_new(NULL);

	if (*url)
		g_string_append_printf(list, "<%s>", url);
	if (*m->unsubscribe_mailto)
		g_string_append_printf(list,
		    "%s<mailto:%s?subject=unsubscribe>",
		    list->len ? ",\n " : "", m->unsubscribe_mailto);
	if (list->len)
		header_put_raw(mail, "List-Unsubscribe", list);
	/* RFC 8058, 3.1: one click is a POST to an https URL. */
	if (strncmp(url, "https:", 6) == 0)
		g_mime_object_set_header(mail, "List-Unsubscribe-Post",
		    "List-Unsubscribe=One-Click", NULL);
	g_string_free(list, TRUE);
}

/* Not g_mime_text_part_set_text, which picks a charset by itself. */
static GMimeObject *
part_new(const char *subtype, const char *text)
{
	GMimeTextPart *part = g_mime_text_part_new_with_subtype(subtype);
	char *valid = g_utf8_make_valid(text, -1);
	GMimeStream *stream;
	GMimeDataWrapper *content;

	stream = g_mime_stream_mem_new_with_buffer(valid, strlen(valid));
	content = g_mime_data_wrapper_new_with_stream(stream,
	    GMIME_CONTENT_ENCODING_DEFAULT);
	g_mime_part_set_content(GMIME_PART(part), content);
	g_mime_text_part_set_charset(part, "utf-8");
	g_mime_part_set_content_encoding(GMIME_PART(part),
	    GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	g_object_unref(content);
	g_object_unref(stream);
	g_free(valid);
	return GMIME_OBJECT(part);
}

static void
message_put_body(GMimeMessage *mail, const struct message *m)
{
	GMimeObject *text = part_new("plain", m->text);
	GMimeObject *html;
	GMimeMultipart *both;

	if (!*m->html) {
		g_mime_message_set_mime_part(mail, text);
		g_object_unref(text);
		return;
	}
	/* The best comes last (RFC 2046, 5.1.4). */
	html = part_new("html", m->html);
	both = g_mime_multipart_new_with_subtype("alternative");
	g_mime_multipart_add(both, text);
	g_mime_multipart_add(both, html);
	g_mime_message_set_mime_part(mail, GMIME_OBJECT(both));
	g_object_unref(text);
	g_object_unref(html);
	g_object_unref(both);
}

/* "key@domain": all attempts have the same, so a receiver can drop repeats. */
static void
message_put_id(GMimeMessage *mail, const struct message *m,
    const char *mailbox)
{
	char *id = g_strdup_printf("%s%s", m->key, strrchr(mailbox, '@'));

	g_mime_message_set_message_id(mail, id);
	g_free(id);
}

static void
addresses_put(InternetAddressList *into, const char *text)
{
	InternetAddressList *list = internet_address_list_parse(NULL, text);

	if (!list)
		return;
	for (int i = 0; i < internet_address_list_length(list); i++)
		internet_address_set_charset(
		    internet_address_list_get_address(list, i), "utf-8");
	internet_address_list_append(into, list);
	g_object_unref(list);
}

static void
message_put_headers(GMimeMessage *mail, const struct message *m,
    const char *mailbox)
{
	GDateTime *date = g_date_time_new_from_unix_utc(m->at_s);
	char *subject = subject_clean(m->subject);

	addresses_put(g_mime_message_get_from(mail), m->from);
	addresses_put(g_mime_message_get_reply_to(mail), m->reply_to);
	g_mime_message_add_mailbox(mail, GMIME_ADDRESS_TYPE_TO, NULL, m->to);
	g_mime_message_set_subject(mail, subject, "utf-8");
	g_mime_message_set_date(mail, date);
	message_put_id(mail, m, mailbox);
	/* RFC 3834, 5: no robot shall answer. */
	g_mime_object_set_header(GMIME_OBJECT(mail), "Auto-Submitted",
	    "auto-generated", NULL);
	message_put_unsubscribe(GMIME_OBJECT(mail), m);
	g_date_time_unref(date);
	g_free(subject);
}

char *
message_write(const struct message *m, size_t *out_n)
{
	char *mailbox = message_mailbox(m->from);
	GMimeMessage *mail;
	GMimeFormatOptions *format;
	char *text, *copy;

	if (!mailbox)
		return NULL;
	mail = g_mime_message_new(TRUE);
	message_put_headers(mail, m, mailbox);
	message_put_body(mail, m);
	format = g_mime_format_options_new();
	g_mime_format_options_set_newline_format(format,
	    GMIME_NEWLINE_FORMAT_DOS);
	text = g_mime_object_to_string(GMIME_OBJECT(mail), format);
	copy = strdup(text);
	*out_n = copy ? strlen(copy) : 0;
	g_free(text);
	g_mime_format_options_free(format);
	g_object_unref(mail);
	free(mailbox);
	return copy;
}

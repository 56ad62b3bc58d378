/* SPDX-License-Identifier: MIT */
/*
 * words - see words.h.
 *
 * "Stop the onions, please" is no wish to hear no more, so a message of
 * several words never counts.
 */
#include <stddef.h>
#include <string.h>

#include "text.h"
#include "words.h"

#define WORD_MAX 64

static const struct {
	const char *stop, *start;
	const char *stop_reply, *start_reply;
} languages[] = {
	{ "stop stopall unsubscribe cancel end quit optout revoke",
	    "start unstop subscribe",
	    "You will get no more text messages about your orders. "
	    "Send START to get them again.",
	    "You will get text messages about your orders again. "
	    "Send STOP to end them." },
	{ "stopp abmelden ende beenden abbestellen",
	    "anmelden",
	    "Sie erhalten keine SMS mehr zu Ihren Bestellungen. "
	    "Mit START erhalten Sie sie wieder.",
	    "Sie erhalten wieder SMS zu Ihren Bestellungen. "
	    "Mit STOP beenden Sie das." },
	{ "arret arr\xc3\xaat arreter arr\xc3\xaater desabonner "
	    "d\xc3\xa9sabonner",
	    "abonner reprendre",
	    "Vous ne recevrez plus de SMS sur vos commandes. "
	    "Envoyez START pour les recevoir \xc3\xa0 nouveau.",
	    "Vous recevrez \xc3\xa0 nouveau des SMS sur vos commandes. "
	    "Envoyez STOP pour arr\xc3\xaater." },
	{ "baja alto parar detener cancelar",
	    "alta",
	    "Ya no recibir\xc3\xa1 SMS sobre sus pedidos. "
	    "Env\xc3\xad" "e START para recibirlos de nuevo.",
	    "Volver\xc3\xa1 a recibir SMS sobre sus pedidos. "
	    "Env\xc3\xad" "e STOP para terminar." },
	{ "ferma annulla disiscrivi",
	    "riprendi iscrivi",
	    "Non riceverai pi\xc3\xb9 SMS sui tuoi ordini. "
	    "Invia START per riceverli di nuovo.",
	    "Riceverai di nuovo SMS sui tuoi ordini. "
	    "Invia STOP per terminare." },
	{ "sair",
	    "iniciar",
	    "N\xc3\xa3o receber\xc3\xa1 mais SMS sobre os seus pedidos. "
	    "Envie START para voltar a receber.",
	    "Voltar\xc3\xa1 a receber SMS sobre os seus pedidos. "
	    "Envie STOP para terminar." },
	{ "afmelden stoppen",
	    "aanmelden",
	    "U ontvangt geen sms meer over uw bestellingen. "
	    "Stuur START om ze weer te ontvangen.",
	    "U ontvangt weer sms over uw bestellingen. "
	    "Stuur STOP om te stoppen." },
};

/* Small letters of Latin, Greek and Cyrillic as far as they lie in a row. */
static uint32_t
fold(uint32_t code)
{
	if ((code >= 'A' && code <= 'Z') ||
	    (code >= 0xc0 && code <= 0xde && code != 0xd7) ||
	    (code >= 0x391 && code <= 0x3a9) ||
	    (code >= 0x410 && code <= 0x42f))
		return code + 0x20;
	return code;
}

static bool
is_around(uint32_t code)
{
	return code <= ' ' || code == 0xa0 || code == 0xa1 || code == 0xbf ||
	    (code < 0x80 && strchr(".,;:!?'\"()*-<>", (int)code)) ||
	    (code >= 0x2010 && code <= 0x2026);
}

/* The one word of a message, folded; false: none, several, or too long. */
static bool
word_of(const char *message, uint32_t out[WORD_MAX])
{
	uint32_t code;
	size_t n = 0;
	bool has_ended = false;

	while ((code = text_next(&message)) != 0) {
		if (is_around(code)) {
			has_ended = n > 0;
			continue;
		}
		if (has_ended || n == WORD_MAX - 1)
			return false;
		out[n++] = fold(code);
	}
	out[n] = 0;
	return n > 0;
}

static bool
is_listed(const uint32_t *word, const char *list)
{
	while (*list) {
		const uint32_t *w = word;

		list += strspn(list, " ");
		for (uint32_t code; *list && *list != ' '; ) {
			code = fold(text_next(&list));
			if (w && *w == code)
				w++;
			else
				w = NULL;
		}
		if (w && w != word && *w == 0)
			return true;
	}
	return false;
}

enum words_meaning
words_read(const struct words *w, const char *message,
    const char **out_reply)
{
	uint32_t word[WORD_MAX];
	enum words_meaning meaning = WORDS_OTHER;
	const char *reply = NULL;
	size_t n = sizeof(languages) / sizeof(languages[0]);

	if (!word_of(message, word))
		return WORDS_OTHER;
	for (size_t i = 0; i < n && !meaning; i++) {
		if (is_listed(word, languages[i].stop)) {
			meaning = WORDS_STOP;
			reply = languages[i].stop_reply;
		} else if (is_listed(word, languages[i].start)) {
			meaning = WORDS_START;
			reply = languages[i].start_reply;
		}
	}
	if (!meaning && is_listed(word, w->stop)) {
		meaning = WORDS_STOP;
		reply = languages[0].stop_reply;
	} else if (!meaning && is_listed(word, w->start)) {
		meaning = WORDS_START;
		reply = languages[0].start_reply;
	}
	if (meaning == WORDS_STOP && *w->stop_reply)
		reply = w->stop_reply;
	if (meaning == WORDS_START && *w->start_reply)
		reply = w->start_reply;
	if (meaning)
		*out_reply = reply;
	return meaning;
}

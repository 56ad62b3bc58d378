// SPDX-License-Identifier: MIT
//
// mail - a real Postfix, started on free ports of 127.0.0.1 with a folder of
// its own, that delivers into mailboxes which a test reads back with
// mailparser.  Needs root, as Postfix does, and Debian's postfix; canPostfix()
// says whether it is so.
//
//	const mail = await startPostfix(t, { mailboxes: ['joe@example.org'],
//	    replies: { 'full@example.org': '552 5.2.2 mailbox full' } });
//	conf: { url: mail.url, starttls: true, ca_file: mail.caFile, ... }
//	const [one] = await mail.waitFor('joe@example.org');
//	one.subject, one.text, one.html, one.headers.get('list-unsubscribe')
//
// Options: mailboxes, replies (what RCPT is answered for an address), tls
// ('starttls', 'smtps' or false), users ({ name: password }: then a login is
// required).
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { simpleParser } from 'mailparser';
import { freePort, newCertificate, until } from '../lib.mjs';

const execFileP = promisify(execFile);
const START_MS = 20000;
const NOBODY = 65534;

export function canPostfix() {
	return process.getuid() === 0 && fs.existsSync('/usr/sbin/postfix');
}

function mainCf({ dir, mailboxes, replies, tls, users }) {
	const domains = [...new Set([...mailboxes, ...Object.keys(replies)]
	    .map((a) => a.split('@')[1]))];
	const table = (rows) => `inline:{ ${Object.entries(rows)
	    .map(([k, v]) => `{ ${k} = ${v} }`).join(', ')} }`;
	const boxes = Object.fromEntries([...mailboxes,
		...Object.keys(replies)].map((a) => [a, `${a}/`]));
	const lines = {
		compatibility_level: '3.6',
		queue_directory: `${dir}/queue`,
		data_directory: `${dir}/data`,
		command_directory: '/usr/sbin',
		daemon_directory: '/usr/lib/postfix/sbin',
		mail_owner: 'postfix',
		setgid_group: 'postdrop',
		maillog_file: `${dir}/mail.log`,
		maillog_file_prefixes: dir,
		syslog_name: 'ow-test',
		myhostname: 'mx.example.org',
		mydestination: '',
		mynetworks: '127.0.0.0/8',
		inet_interfaces: '127.0.0.1',
		inet_protocols: 'ipv4',
		alias_maps: '', alias_database: '', local_recipient_maps: '',
		default_transport: 'error:5.1.2 no such domain here',
		virtual_mailbox_domains: domains.join(', '),
		virtual_mailbox_base: `${dir}/boxes`,
		virtual_mailbox_maps: table(boxes),
		virtual_uid_maps: `static:${NOBODY}`,
		virtual_gid_maps: `static:${NOBODY}`,
		smtpd_relay_restrictions: 'permit_sasl_authenticated, ' +
		    'reject_unauth_destination',
		smtpd_recipient_restrictions: [
			Object.keys(replies).length ?
			    `check_recipient_access ${table(replies)}` : '',
			users ? 'permit_sasl_authenticated, reject' : '',
		].filter(Boolean).join(', ') || 'permit',
		smtpd_error_sleep_time: '0',
		smtpd_junk_command_limit: '1000',
	};
	if (tls)
		Object.assign(lines, {
			smtpd_tls_cert_file: `${dir}/cert.pem`,
			smtpd_tls_key_file: `${dir}/key.pem`,
			smtpd_tls_security_level: tls === 'smtps' ? 'may' :
			    'encrypt',
			smtpd_tls_wrappermode: tls === 'smtps' ? 'yes' : 'no',
			smtpd_tls_auth_only: 'yes',
		});
	if (users)
		Object.assign(lines, {
			smtpd_sasl_auth_enable: 'yes',
			smtpd_sasl_type: 'dovecot',
			smtpd_sasl_path: `${dir}/auth`,
			smtpd_sasl_security_options: 'noanonymous',
		});
	return Object.entries(lines).map(([k, v]) => `${k} = ${v}\n`).join('');
}

// No chroot, and only what a test needs.
function masterCf(port) {
	const rows = [
		[`127.0.0.1:${port}`, 'inet', 'n', '-', 'n', '-', '-', 'smtpd'],
		['cleanup', 'unix', 'n', '-', 'n', '-', '0', 'cleanup'],
		['qmgr', 'unix', 'n', '-', 'n', '300', '1', 'qmgr'],
		['rewrite', 'unix', '-', '-', 'n', '-', '-', 'trivial-rewrite'],
		['bounce', 'unix', '-', '-', 'n', '-', '0', 'bounce'],
		['defer', 'unix', '-', '-', 'n', '-', '0', 'bounce'],
		['trace', 'unix', '-', '-', 'n', '-', '0', 'bounce'],
		['flush', 'unix', 'n', '-', 'n', '1000?', '0', 'flush'],
		['proxymap', 'unix', '-', '-', 'n', '-', '-', 'proxymap'],
		['error', 'unix', '-', '-', 'n', '-', '-', 'error'],
		['retry', 'unix', '-', '-', 'n', '-', '-', 'error'],
		['discard', 'unix', '-', '-', 'n', '-', '-', 'discard'],
		['virtual', 'unix', '-', 'n', 'n', '-', '-', 'virtual'],
		['tlsmgr', 'unix', '-', '-', 'n', '1000?', '1', 'tlsmgr'],
		['anvil', 'unix', '-', '-', 'n', '-', '1', 'anvil'],
		['postlog', 'unix-dgram', 'n', '-', 'n', '-', '1', 'postlogd'],
	];
	return `${rows.map((r) => r.join('\t')).join('\n')}\n`;
}

// Who may log in, asked for by smtpd over Dovecot's authentication protocol,
// version 1: lines of words with tabs between; PLAIN alone.
async function startAuth(dir, users) {
	const judge = (id, plain) => {
		if (plain === undefined)
			return `CONT\t${id}\t\n`;
		const [, name, password] = Buffer.from(plain, 'base64')
		    .toString('utf8').split('\0');
		return Object.hasOwn(users, name) && users[name] === password ?
		    `OK\t${id}\tuser=${name}\n` :
		    `FAIL\t${id}\tuser=${name}\n`;
	};
	const server = net.createServer((s) => {
		let rest = '';
		s.setEncoding('utf8');
		s.on('error', () => {});
		s.write('VERSION\t1\t2\nMECH\tPLAIN\tplaintext\n' +
		    `SPID\t${process.pid}\nCUID\t1\nCOOKIE\t${
			'0'.repeat(32)}\nDONE\n`);
		s.on('data', (d) => {
			const lines = (rest + d).split('\n');
			rest = lines.pop();
			for (const line of lines) {
				const words = line.split('\t');
				const plain = words[0] === 'CONT' ? words[2] :
				    words.find((w) => w.startsWith('resp='))
					?.slice(5);
				if (words[0] === 'AUTH' || words[0] === 'CONT')
					s.write(judge(words[1], plain));
			}
		});
	});
	server.listen(`${dir}/auth`);
	await once(server, 'listening');
	fs.chmodSync(`${dir}/auth`, 0o666);
	return server;
}

function isListening(port) {
	return new Promise((done) => {
		const s = net.connect(port, '127.0.0.1');
		s.on('connect', () => { s.destroy(); done(true); });
		s.on('error', () => done(false));
	});
}

export async function startPostfix(t, { mailboxes = [], replies = {},
	tls = 'starttls', users } = {}) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-postfix-'));
	const port = await freePort();

	fs.chmodSync(dir, 0o755);
	for (const name of ['etc', 'queue', 'data', 'boxes'])
		fs.mkdirSync(`${dir}/${name}`);
	fs.chownSync(`${dir}/boxes`, NOBODY, NOBODY);
	await execFileP('chown', ['postfix', `${dir}/data`]);
	if (tls) {
		const { key, cert } = await newCertificate();
		fs.writeFileSync(`${dir}/key.pem`, key, { mode: 0o600 });
		fs.writeFileSync(`${dir}/cert.pem`, cert);
	}
	const auth = users ? await startAuth(dir, users) : null;
	fs.writeFileSync(`${dir}/etc/main.cf`,
	    mainCf({ dir, mailboxes, replies, tls, users }));
	fs.writeFileSync(`${dir}/etc/master.cf`, masterCf(port));
	const env = { ...process.env, MAIL_CONFIG: `${dir}/etc` };
	const child = spawn('postfix', ['-c', `${dir}/etc`, 'start-fg'],
	    { stdio: ['ignore', 'pipe', 'pipe'], env });
	let output = '';
	for (const out of [child.stdout, child.stderr])
		out.on('data', (d) => { output += d; });
	const log = () => output + (fs.existsSync(`${dir}/mail.log`) ?
	    fs.readFileSync(`${dir}/mail.log`, 'utf8') : '');
	const exit = once(child, 'exit');

	const close = async () => {
		await execFileP('postfix', ['-c', `${dir}/etc`, 'abort'],
		    { env }).catch(() => {});
		await exit;
		auth?.close();
		fs.rmSync(dir, { recursive: true, force: true });
	};
	t?.after(close);
	await until(() => {
		if (child.exitCode !== null)
			throw new Error(`postfix ended:\n${log()}`);
		return isListening(port);
	}, { ms: START_MS, what: `postfix:\n${log()}` });

	const read = (address) => {
		const box = `${dir}/boxes/${address}/new`;
		return fs.existsSync(box) ? fs.readdirSync(box).sort()
		    .map((name) => fs.readFileSync(`${box}/${name}`)) : [];
	};
	return {
		port, dir, log, close,
		url: `${tls === 'smtps' ? 'smtps' : 'smtp'}://127.0.0.1:${
		    port}`,
		caFile: tls ? `${dir}/cert.pem` : '',
		// What is in a mailbox, as it was sent.
		raw: read,
		// The same, parsed, once there are n.
		async waitFor(address, n = 1, ms = START_MS) {
			await until(() => read(address).length >= n, { ms,
				what: `${n} mails for ${address}:\n${log()}` });
			return Promise.all(read(address).map((mail) =>
			    simpleParser(mail)));
		},
	};
}

#!/usr/bin/env python3
"""A small broker for MQTT 5 and 3.1.1 with faults on request: what no broker of this machine shows. Standard library only.
   misbehaving_broker.py PORT [key=value ...]      one JSON line on stdout for each packet in (">") and out ("<")
CONNACK   receive_max max_qos retain_available max_packet wildcard keepalive session_expiry connack_rc (0x..)
          will_rc=0x87 (a CONNECT with a will is answered so)   will_close=1 (closed without a word)
          v5=0 answers MQTT 5 with "unsupported version", v5=close closes without a word
SUBSCRIBE max_filters=8 (more: close)   suback_rc=0x87
RETAINED  retained_cap=1000 (so many a second and client, the rest is never sent)  retained_delay=0.4 (s after SUBACK)
          retained_pause=N (sends N, then nothing until the client's next packet)  keep_expiry=1 (interval not counted down)
          retain_write_cap=50 (so many retained publishes a second are stored, all are acknowledged)
PUBLISH   puback_rc=0x97 puback_first=100 (only the first so many)  puback_topic=REGEX  pubcomp_rc=0x92
          close_topic=REGEX  max_slashes=7 (close)  close_bytes=131072 (larger: close, not announced)
          rate=100 (more a second: DISCONNECT 0x96)
DELIVERY  dup0=1 (repetitions without DUP)  drop_expiry=0  copies=1 (one copy for each matching filter)
          inject=FILE (hex lines: raw PUBLISH packets, sent to each session but -watch, -fetch and -read after its first
          SUBACK, and again at every reconnection until their packet identifier is acknowledged)
"""
import asyncio, json, re, struct, sys, time

O = dict(a.split("=", 1) for a in sys.argv[2:])
def num(k, d=None): return int(O[k], 0) if k in O else d
def log(d, **k): print(json.dumps({"t": round(time.time(), 3), "d": d, **k}), flush=True)
def vbi(n):
    b = bytearray()
    while True:
        n, r = divmod(n, 128); b.append(r | (0x80 if n else 0))
        if not n: return bytes(b)
def s16(b): return struct.pack("!H", len(b)) + b
def pkt(h, body): return bytes([h]) + vbi(len(body)) + body
def rvbi(b, p):
    v = s = 0
    while True:
        c = b[p]; p += 1; v |= (c & 127) << s; s += 7
        if c < 128: return v, p
def rs(b, p): n = struct.unpack_from("!H", b, p)[0]; return b[p + 2:p + 2 + n], p + 2 + n
def match(f, t):
    f, t = f.split(b"/"), t.split(b"/")
    if t[0][:1] == b"$" and f[0][:1] in (b"+", b"#"): return False
    for i, l in enumerate(f):
        if l == b"#": return True
        if i >= len(t) or (l != b"+" and l != t[i]): return False
    return len(f) == len(t)
def expiry(props):
    p = 0
    while p < len(props):
        i = props[p]
        if i == 2: return p + 1, struct.unpack_from("!I", props, p + 1)[0]
        if i in (0x01,): p += 2
        elif i in (0x23,): p += 3
        elif i == 0x0B: _, p = rvbi(props, p + 1)
        elif i in (3, 8, 9): p = rs(props, p + 1)[1]
        elif i == 0x26: p = rs(props, rs(props, p + 1)[1])[1]
        else: return None
    return None

class Session:
    def __init__(s, cid): s.cid, s.subs, s.out, s.queue, s.pid, s.conn, s.in2, s.injected, s.acked = cid, {}, {}, [], 0, None, {}, False, set()
SESS, RETAINED, WRITES = {}, {}, []
INJECT = [bytes.fromhex(l.split("//")[0]) for l in open(O["inject"])] if "inject" in O else []

class Conn:
    def __init__(c, r, w): c.r, c.w, c.v, c.s, c.window, c.sent, c.got, c.pubs, c.auto = r, w, 5, None, 65535, [], 0, [], None
    def put(c, b, **k):
        log("<", client=c.s.cid if c.s else None, type=b[0] >> 4, **k); c.w.write(b)
    def connack(c, rc, sp=0):
        if c.v < 5: return c.put(pkt(0x20, bytes([sp, rc])), rc=rc)
        p = b"\x12" + s16(c.auto.encode()) if c.auto else b""
        for k, i, f in (("session_expiry", 0x11, "!I"), ("receive_max", 0x21, "!H"), ("max_qos", 0x24, "!B"), ("retain_available", 0x25, "!B"),
                        ("max_packet", 0x27, "!I"), ("wildcard", 0x28, "!B"), ("keepalive", 0x13, "!H")):
            if k in O: p += bytes([i]) + struct.pack(f, num(k))
        c.put(pkt(0x20, bytes([sp, rc]) + vbi(len(p)) + p), rc=rc)
    def bye(c, rc):
        if c.v == 5: c.put(pkt(0xE0, bytes([rc])), rc=rc)
        raise ConnectionError(hex(rc))
    def deliver(c, topic, payload, props, qos, retain, dup=False, pid=None):
        s = c.s
        if qos:
            if pid is None: s.pid = s.pid % 65535 + 1; pid = s.pid
            s.out[pid] = (topic, payload, props, qos, retain)
        body = s16(topic) + (struct.pack("!H", pid) if qos else b"") + (vbi(len(props)) + props if c.v == 5 else b"") + payload
        c.put(pkt(0x30 | (8 if dup and not num("dup0", 0) else 0) | qos << 1 | retain, body), topic=topic.decode("utf8", "backslashreplace"), pid=pid, bytes=len(payload))
    async def run(c):
        will = None
        try:
            while True:
                h = (await c.r.readexactly(1))[0]; n = s = 0
                while True:
                    b = (await c.r.readexactly(1))[0]; n |= (b & 127) << s; s += 7
                    if b < 128: break
                body = await c.r.readexactly(n); c.got += 1; t = h >> 4
                log(">", client=c.s.cid if c.s else None, type=t, bytes=n, body=body[:60].hex())
                if t == 1: will = c.connect(body)
                elif t == 3: c.publish(h, body)
                elif t in (4, 7):
                    c.s.out.pop(struct.unpack_from("!H", body)[0], None); c.s.acked.add(struct.unpack_from("!H", body)[0])
                elif t == 5:
                    rc = body[2] if len(body) > 2 else 0
                    if rc >= 0x80: c.s.out.pop(struct.unpack_from("!H", body)[0], None)
                    else: c.put(pkt(0x62, body[:2]))
                elif t == 6:
                    m = c.s.in2.pop(body[:2], None); rc = num("pubcomp_rc", 0)
                    c.put(pkt(0x70, body[:2] + (bytes([rc]) if rc and c.v == 5 else b"")))
                elif t == 8: await c.subscribe(body)
                elif t == 10: c.unsubscribe(body)
                elif t == 12: c.put(b"\xd0\x00")
                elif t == 14: will = will if body[:1] == b"\x04" else None; break
                await c.w.drain()
        except (asyncio.IncompleteReadError, ConnectionError, OSError) as e:
            log("-", client=c.s.cid if c.s else None, closed=repr(e))
        if c.s and c.s.conn is c: c.s.conn = None
        if will: spread(*will)
        try: c.w.close()
        except OSError: pass
    def connect(c, b):
        c.v = b[6]; f = b[7]; p = 10
        if c.v == 5 and O.get("v5") == "close": raise ConnectionError("no MQTT 5")
        if c.v == 5 and O.get("v5") == "0": c.w.write(pkt(0x20, b"\0\1")); raise ConnectionError("no MQTT 5")
        if c.v == 5: n, p = rvbi(b, p); p += n
        cid, p = rs(b, p); will = None
        if f & 4:
            if c.v == 5: n, p = rvbi(b, p); p += n
            wt, p = rs(b, p); wp, p = rs(b, p); will = (wt, wp, b"", f >> 3 & 3, f >> 5 & 1)
        rc = num("connack_rc", 0)
        if will and will[4] and num("retain_available", 1) == 0: rc = 0x9A
        if will and will[3] > num("max_qos", 2): rc = 0x9B
        if will and "will_close" in O: raise ConnectionError("a will")
        if will and "will_rc" in O: rc = num("will_rc")
        cid = cid.decode()
        if not cid: STAT["auto"] += 1; cid = c.auto = "auto-%d" % STAT["auto"]
        if rc: c.s = Session(cid); c.connack(rc if c.v == 5 else 5); raise ConnectionError(hex(rc))
        old = SESS.get(cid); clean = f & 2
        if old and old.conn:
            try: old.conn.put(pkt(0xE0, b"\x8e")); old.conn.w.close()
            except OSError: pass
        c.s = Session(cid) if clean or not old else old; SESS[cid] = c.s; c.s.conn = c
        c.connack(0, int(bool(old) and not clean))
        for pid, m in list(c.s.out.items()): c.deliver(*m, dup=True, pid=pid)
        q, c.s.queue = c.s.queue, []
        for m in q: c.deliver(*m)
        if c.s.injected: c.inject()
        return will
    def inject(c):
        c.s.injected = True
        for raw in INJECT:
            n, p = rvbi(raw, 1); topic = rs(raw, p)[0]
            if raw[0] >> 4 == 3 and raw[0] & 6:
                pid = struct.unpack_from("!H", raw, p + 2 + len(topic))[0]
                if pid in c.s.acked: continue
            c.put(raw, injected=raw[:40].hex())
    async def subscribe(c, b):
        pid, p = b[:2], 2
        if c.v == 5: n, p = rvbi(b, p); p += n
        fs = []
        while p < len(b): f, p = rs(b, p); fs.append((f, b[p])); p += 1
        if len(fs) > num("max_filters", 1 << 30): raise ConnectionError("too many filters")
        rc = num("suback_rc")
        c.put(pkt(0x90, pid + (b"\0" if c.v == 5 else b"") + bytes(rc if rc is not None else min(o & 3, num("max_qos", 2)) for _, o in fs)), filters=len(fs))
        if rc is not None: return
        await c.w.drain()
        if "retained_delay" in O: await asyncio.sleep(float(O["retained_delay"]))
        sent = 0
        for f, o in fs:
            new = f not in c.s.subs; c.s.subs[f] = o
            if o >> 4 & 3 == 2 or (o >> 4 & 3 == 1 and not new): continue
            for t, (pl, pr, q, at) in list(RETAINED.items()):
                if not match(f, t): continue
                now = time.time(); c.sent = [x for x in c.sent if x > now - 1]
                if "retained_cap" in O and len(c.sent) >= num("retained_cap"): continue
                if "retained_pause" in O and sent == num("retained_pause"):
                    got = c.got; asyncio.get_running_loop().create_task(c.later(got, [(t2, v) for t2, v in list(RETAINED.items()) if match(f, t2)][sent:], o)); break
                e = expiry(pr)
                if e and not num("keep_expiry", 0):
                    left = e[1] - int(now - at)
                    if left <= 0: continue
                    pr = pr[:e[0]] + struct.pack("!I", left) + pr[e[0] + 4:]
                c.sent.append(now); sent += 1
                c.deliver(t, pl, pr, min(q, o & 3), 1)
        if INJECT and not c.s.injected and not c.s.cid.endswith(("-watch", "-fetch", "-read")): c.inject()
    async def later(c, got, rest, o):
        while c.got == got: await asyncio.sleep(0.02)
        for t, (pl, pr, q, at) in rest: c.deliver(t, pl, pr, min(q, o & 3), 1)
    def unsubscribe(c, b):
        pid, p, n = b[:2], 2, 0
        if c.v == 5: k, p = rvbi(b, p); p += k
        while p < len(b): f, p = rs(b, p); c.s.subs.pop(f, None); n += 1
        c.put(pkt(0xB0, pid + (b"\0" + bytes(n) if c.v == 5 else b"")))
    def publish(c, h, b):
        q, retain = h >> 1 & 3, h & 1; t, p = rs(b, 0); pid = b""
        if q: pid = b[p:p + 2]; p += 2
        pr = b""
        if c.v == 5: n, p = rvbi(b, p); pr = b[p:p + n]; p += n
        pl = b[p:]; text = t.decode("utf8", "backslashreplace"); now = time.time()
        c.pubs = [x for x in c.pubs if x > now - 1] + [now]
        if "rate" in O and len(c.pubs) > num("rate"): c.bye(0x96)
        if "close_topic" in O and re.search(O["close_topic"], text): raise ConnectionError("topic")
        if t.count(b"/") > num("max_slashes", 1 << 30) or len(b) > num("close_bytes", 1 << 30): raise ConnectionError("limit")
        if retain and num("retain_available", 1) == 0: c.bye(0x9A)
        if q > num("max_qos", 2): c.bye(0x9B)
        rc, again = 0, q == 2 and pid in c.s.in2
        if "puback_rc" in O and re.search(O.get("puback_topic", ""), text) and STAT["refused"] < num("puback_first", 1 << 30):
            rc = num("puback_rc"); STAT["refused"] += 1
        log("P", client=c.s.cid, topic=text, qos=q, retain=retain, bytes=len(pl), rc=rc, props=pr.hex()[:200])
        if not rc and not again:
            if q == 2: c.s.in2[pid] = 1
            spread(t, pl, pr, q, retain)
        if q: c.put(pkt(0x40 if q == 1 else 0x50, pid + (bytes([rc]) if rc and c.v == 5 else b"")), rc=rc)
STAT = {"refused": 0, "auto": 0}

def spread(t, pl, pr, q, retain):
    now = time.time()
    if retain:
        WRITES[:] = [x for x in WRITES if x > now - 1]
        if not pl: RETAINED.pop(t, None)
        elif len(WRITES) < num("retain_write_cap", 1 << 30): WRITES.append(now); RETAINED[t] = (pl, pr, q, now)
    for s in list(SESS.values()):
        hits = [o for f, o in s.subs.items() if match(f, t)]
        for o in hits if num("copies", 0) else hits[:1]:
            m = (t, pl, pr, min(q, o & 3), retain if o & 8 else 0)
            if s.conn: s.conn.deliver(*m)
            elif m[3]: s.queue.append(m)

async def main():
    server = await asyncio.start_server(lambda r, w: Conn(r, w).run(), "127.0.0.1", int(sys.argv[1]), limit=1 << 29)
    log("up", port=int(sys.argv[1]), options=O)
    async with server: await server.serve_forever()
try: asyncio.run(main())
except KeyboardInterrupt: pass

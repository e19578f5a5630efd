import DiodeProtocol
import Testing

@testable import SenderOT
import Time
@testable import SenderOTCore

@Suite struct PacerTests {
    private static let frame = 12_304  // a full 1500-byte frame

    /// Runs a pacer for a while against classes that always have frames; returns (time, class, frames) of each grant.
    private func run(
        _ pacer: inout Pacer, for span: Duration, offering kinds: [TransmissionClass: Int], bits: Int = frame
    ) -> [(at: UInt64, kind: TransmissionClass, frames: Int)] {
        var grants: [(at: UInt64, kind: TransmissionClass, frames: Int)] = []
        var now: UInt64 = 1_000_000_000
        let end =
            now + UInt64(span.components.seconds) * 1_000_000_000
            + UInt64(span.components.attoseconds / 1_000_000_000)
        while now < end {
            var waiting = Pacer.Waiting()
            for (kind, frames) in kinds { waiting.offer(kind, frames: frames, bitsPerFrame: bits) }
            switch pacer.decide(waiting, now: MonotonicInstant(nanoseconds: now)) {
            case .send(let kind, let frames): grants.append((now, kind, frames))
            case .wait(let until):
                #expect(until.nanoseconds > now, "a wait must move time on")
                now = max(until.nanoseconds, now + 1)
            case .idle: return grants
            }
        }
        return grants
    }

    @Test(
        "no window carries more than the rate and one burst",
        arguments: [1_000_000, 80_000_000, 800_000_000, 10_000_000_000])
    func rate(bitsPerSecond: UInt64) {
        var pacer = Pacer(bitsPerSecond: bitsPerSecond)
        let grants = run(&pacer, for: .milliseconds(200), offering: [.live: 1_000])
        let slack = Double(bitsPerSecond) * 250e-6 + Double(Self.frame)
        for window in [1_000, 50_000, 1_000_000, 20_000_000] as [UInt64] {
            var first = 0
            var bits = 0
            for last in grants.indices {
                bits += grants[last].frames * Self.frame
                while grants[last].at - grants[first].at > window {
                    bits -= grants[first].frames * Self.frame
                    first += 1
                }
                #expect(Double(bits) <= Double(bitsPerSecond) * Double(window) / 1e9 + slack + 1)
            }
        }
        let total = Double(grants.reduce(0) { $0 + $1.frames } * Self.frame)
        #expect(total >= Double(bitsPerSecond) * 0.2 * 0.999, "it must reach the rate too")
    }

    @Test("steps stay far below a millisecond at 800 Mbit/s")
    func steps() {
        var pacer = Pacer(bitsPerSecond: 800_000_000)
        let grants = run(&pacer, for: .milliseconds(10), offering: [.echo: 1_000])
        for (a, b) in zip(grants, grants.dropFirst()) { #expect(b.at - a.at <= 250_000) }
        #expect(grants.allSatisfy { $0.frames <= 17 })
    }

    @Test("idle time gives no credit beyond one burst")
    func noCredit() {
        var pacer = Pacer(bitsPerSecond: 8_000_000)
        var waiting = Pacer.Waiting()
        waiting.offer(.live, frames: 1_000, bitsPerFrame: Self.frame)
        _ = pacer.decide(waiting, now: MonotonicInstant(nanoseconds: 1_000))
        guard case .send(.live, let frames) = pacer.decide(waiting, now: MonotonicInstant(nanoseconds: 60_000_000_000))
        else { return #expect(Bool(false), "an idle link takes a frame") }
        #expect(frames == 1)
    }

    @Test("beat goes first, then live, then resend, then echo")
    func order() {
        var pacer = Pacer(bitsPerSecond: 1_000_000_000_000)
        var waiting = Pacer.Waiting()
        let now = MonotonicInstant(nanoseconds: 5)
        #expect(pacer.decide(waiting, now: now) == .idle)
        for kind in TransmissionClass.allCases.reversed() {
            waiting.offer(kind, frames: 1, bitsPerFrame: Self.frame)
            #expect(pacer.decide(waiting, now: now) == .send(kind, frames: 1))
        }
    }

    @Test("D4 live leaves a tenth of the bits to a waiting snapshot", arguments: [800, 4_000, frame])
    func share(snapshotBits: Int) {
        var pacer = Pacer(bitsPerSecond: 100_000_000)
        var sent: [TransmissionClass: Int] = [:]
        var now: UInt64 = 1
        while now < 2_000_000_000 {
            var waiting = Pacer.Waiting()
            waiting.offer(.live, frames: 500, bitsPerFrame: Self.frame)
            waiting.offer(.snapshot, frames: 50, bitsPerFrame: snapshotBits)
            waiting.offer(.echo, frames: 50, bitsPerFrame: Self.frame)
            switch pacer.decide(waiting, now: MonotonicInstant(nanoseconds: now)) {
            case .send(let kind, let frames):
                sent[kind, default: 0] += frames * (kind == .snapshot ? snapshotBits : Self.frame)
            case .wait(let until): now = until.nanoseconds
            case .idle: return
            }
        }
        let share = Double(sent[.snapshot] ?? 0) / Double(sent.values.reduce(0, +))
        #expect(abs(share - 0.1) < 0.002)
        #expect(sent[.echo] == nil)
    }

    @Test("a lone snapshot frame does not wait behind an endless live stream, and live is never starved")
    func noStarvation() {
        var pacer = Pacer(bitsPerSecond: 100_000_000)
        let grants = run(&pacer, for: .milliseconds(50), offering: [.live: 1_000, .snapshot: 1])
        let kinds = grants.flatMap { Array(repeating: $0.kind, count: $0.frames) }
        for (index, kind) in kinds.enumerated() where kind == .snapshot && index + 1 < kinds.count {
            #expect(kinds[index + 1] == .live)
        }
        #expect(kinds.contains(.snapshot))
    }

    @Test("Ethernet bits count preamble, header, FCS, gap and padding")
    func framing() {
        let framing = EthernetFraming(mtuBytes: 1500)
        #expect(framing.datagramBytes == 1472)
        #expect(framing.bits(payloadBytes: 1472) == 8 * 1538)
        #expect(framing.bits(payloadBytes: 1) == 8 * 84)
        #expect(EthernetFraming(mtuBytes: 1500, ipv6: true).datagramBytes == 1452)
    }
}

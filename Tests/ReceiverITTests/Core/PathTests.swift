import Account
import DiodeProtocol
import TestKit
import Testing
import Time

@testable import ReceiverITCore

/// One link over several diodes: the symbols of all of them feed one decoder, and what each brings is told (D13).
@Suite("Paths of a link")
struct PathTests {
    private let sender: TestSender
    private let link: TestLink

    init() throws {
        sender = try TestSender()
        link = try TestLink(sender.card) { $0.paths = ["a:1", "b:1"] }
    }

    private var reports: [PathReport] { link.core.paths }

    @Test("D13 each path is told what it has brought, what first, and how much later")
    func counts() throws {
        for _ in 0..<3 {
            let frames = try sender.frames(sender.live(count: 2))
            link.receive(frames, path: 0)
            link.pass(.milliseconds(4))
            link.receive(frames, path: 1)
        }
        #expect(reports.map(\.frames) == [reports[0].frames, reports[0].frames] && reports[0].frames > 0)
        #expect(reports[0].first == reports[0].frames && reports[1].first == 0)
        #expect(reports[0].skewMilliseconds == nil && reports[1].skewMilliseconds == 4)
        #expect(link.deliveries.count == 6, "a record comes once")
    }

    @Test("D13 what one path loses the other brings; a gap that the slower one closes is healed by it")
    func heals() throws {
        link.receive(try sender.frames(sender.live(count: 1)), path: 0)
        let lost = try sender.frames(sender.live(count: 1))
        link.receive(try sender.frames(sender.live(count: 1)), path: 0)
        link.pass(.milliseconds(200))
        #expect(link.core.account.missing == 1)
        link.receive(lost, path: 1)
        #expect(link.core.account.missing == 0)
        let healed = link.events.compactMap { if case .gapClosed(let gap) = $0 { gap.healedBy } else { nil } }
        #expect(healed == [.path])
    }

    @Test("D13 P9 a path that brings nothing is named, whether it ever did or not, as long as another does")
    func dead() throws {
        func live(_ seconds: Int, _ paths: [Int]) throws {
            for _ in 0..<seconds {
                let frames = try sender.frames(sender.beat())
                for path in paths { link.receive(frames, path: path) }
                link.pass(.seconds(1))
            }
        }
        try live(2, [0])
        #expect(link.core.facts.pathTrouble == nil, "it has had no time yet")
        try live(3, [0])
        #expect(link.core.facts.pathTrouble == "path b:1 brings nothing")
        let verdict = link.core.facts.verdict
        #expect(verdict.state == .degraded && verdict.cause == .path && !verdict.advice.isEmpty)
        try live(2, [0, 1])
        #expect(link.core.facts.pathTrouble == nil && link.core.facts.verdict.state == .online)
        try live(5, [1])
        #expect(link.core.facts.pathTrouble?.hasPrefix("path a:1 brings nothing since ") == true)
        link.pass(.seconds(10))
        #expect(link.core.facts.pathTrouble == nil, "nothing comes at all: that is the link's silence")
    }

    @Test("D13 P9 a path that loses more than another is named with its share; a forger keeps no path alive")
    func loses() throws {
        for round in 0..<24 {
            let frames = try sender.frames(sender.live(count: 40)) + sender.frames(sender.beat())
            link.receive(frames, path: 0)
            link.receive(frames.enumerated().filter { ($0.offset + round) % 4 != 0 }.map(\.element), path: 1)
            link.pass(.milliseconds(500))
        }
        #expect(reports[0].loss == 0)
        #expect(abs((reports[1].loss ?? 0) - 0.25) < 0.05)
        #expect(link.core.facts.pathTrouble?.hasPrefix("path b:1 loses 2") == true)
        let before = reports[1].frames
        let forged = try TestSender(seed: 99)
        link.receive(try forged.frames(forged.live(count: 40)), path: 1)
        #expect(reports[1].frames == before)
    }

    @Test("D13 a link of one path has nothing to compare")
    func single() throws {
        let alone = try TestLink(sender.card)
        let frames = try sender.frames(sender.beat())
        alone.receive(frames, path: 0)
        alone.pass(.seconds(2))
        #expect(alone.core.facts.pathTrouble == nil && alone.core.paths.count == 1)
        // A number that is none is nobody's.
        alone.receive(try sender.frames(sender.beat()), path: 7)
        #expect(alone.core.paths.count == 1)
    }
}

@testable import Account
import DiodeProtocol
import TestKit
import Testing

@testable import ReceiverIT
import Time
@testable import ReceiverITCore

@Suite("Episodes of gaps")
struct GapEpisodeTests {
    private static let time = UnixMilliseconds(rawValue: 1_763_716_000_000)

    private func gap(_ id: UInt64, cause: Gap.Cause = .link, missing: UInt64 = 5, lost: UInt64 = 0) -> Gap {
        var gap = Gap(
            Hole(gap: id, firstBlock: id * 2, lastBlock: id * 2, firstSequence: id * 10, records: 5),
            epoch: Epoch(rawValue: 7), openedAt: Self.time, cause: cause)
        gap.missing = missing
        gap.lost = lost
        if missing == 0 { gap.closedAt = Self.time }
        if missing == 0, lost == 0 { gap.healedBy = .echo }
        return gap
    }

    private func at(_ milliseconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000)
    }

    @Test("D15 gaps of one cause less than 5 s apart are told once when they open and once when all are decided")
    func together() {
        var episodes = GapEpisodes()
        #expect(episodes.open(gap(1), now: at(0))?.id == 1)
        #expect(episodes.open(gap(2), now: at(4_900)) == nil)
        #expect(episodes.open(gap(3), now: at(9_800)) == nil)
        // Another cause is another story.
        #expect(episodes.open(gap(4, cause: .receiverDown), now: at(9_900))?.cause == .receiverDown)
        episodes.change(gap(1, missing: 0), now: at(10_000))
        episodes.change(gap(2, missing: 0, lost: 5), now: at(10_100))
        episodes.change(gap(4, cause: .receiverDown, missing: 0), now: at(10_200))
        #expect(episodes.takeClosed(now: at(14_000)).isEmpty)
        #expect(episodes.takeClosed(now: at(14_900)).map(\.id) == [4])
        episodes.change(gap(3, missing: 0), now: at(60_000))
        let closed = episodes.takeClosed(now: at(60_000))
        #expect(closed.map { $0.runs.map(\.gap) } == [[1, 2, 3]])
        #expect(closed.first?.state == .lost && closed.first?.lost == 5 && closed.first?.records == 15)
        #expect(episodes.takeClosed(now: at(100_000), isEnding: true).isEmpty)
    }

    @Test("D15 what an earlier process told of opens no episode again; its closings are one")
    func closings() {
        var episodes = GapEpisodes()
        for id in 1...300 { episodes.change(gap(UInt64(id), missing: 0), now: at(UInt64(id))) }
        #expect(episodes.takeClosed(now: at(400)).isEmpty)
        let closed = episodes.takeClosed(now: at(6_000))
        #expect(closed.count == 1 && closed.first?.runs.count == 300 && closed.first?.state == .healed)
        // Given up, told, and then it comes by hand.
        #expect(episodes.open(gap(301), now: at(7_000)) != nil)
        episodes.change(gap(301, missing: 0, lost: 5), now: at(8_000))
        #expect(episodes.takeClosed(now: at(13_000)).map(\.state) == [.lost])
        episodes.change(gap(301, missing: 0), now: at(20_000))
        #expect(episodes.takeClosed(now: at(20_001), isEnding: true).map(\.state) == [.healed])
    }

    @Test("P8 a day of 1 % loss, a gap each second, stays a few hundred messages, and each gap is in one of them")
    func longDay() {
        var episodes = GapEpisodes()
        var opened = 0
        var told: [UInt64] = []
        for second in 0..<UInt64(86_400) {
            if episodes.open(gap(second + 1), now: at(second * 1_000)) != nil { opened += 1 }
            if second > 0 { episodes.change(gap(second, missing: 0), now: at(second * 1_000 + 10)) }
            for episode in episodes.takeClosed(now: at(second * 1_000 + 20)) { told += episode.runs.map(\.gap) }
        }
        #expect(opened == 87)
        #expect(told == Array(1...86_000))
    }
}

import Foundation
import Simulator
import TestKit
import Testing

@Suite("Two senders of one link")
struct SenderTests {
    /// An unoptimised build is thirty times slower.
    #if DEBUG
        private static let usual = 40
    #else
        private static let usual = 60
    #endif
    /// Seeds of histories that once broke a promise.
    private static let found: [UInt64] = [8_558_526_422_012_087_667]
    private static let histories = ProcessInfo.processInfo.environment["HISTORIES"].flatMap(Int.init) ?? usual

    @Test(
        "P1 P2 P3 W-52 W-53 whoever takes over, steps back, contests or crashes: an account each, one namespace, nothing older shown"
    )
    func histories() async {
        await withSeed { random in
            var sum = SenderHistory.Outcome()
            for index in 0..<Self.histories {
                let seed = index < Self.found.count ? Self.found[index] : random.next()
                do {
                    let outcome = try SenderHistory.live(seed: seed)
                    sum.takeovers += outcome.takeovers
                    sum.contests += outcome.contests
                    sum.crashes += outcome.crashes
                    sum.receiverRestarts += outcome.receiverRestarts
                    sum.late += outcome.late
                } catch {
                    Issue.record("history \(seed): \(error)")
                    return
                }
            }
            #expect(
                sum.takeovers > 0 && sum.contests > 0 && sum.crashes > 0 && sum.receiverRestarts > 0 && sum.late > 0,
                "\(sum)")
            print("\(Self.histories) histories of two senders: \(sum)")
        }
    }
}

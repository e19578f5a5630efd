import Foundation
import Simulator
import TestKit
import Testing

@Suite("The ends of epochs")
struct EndingTests {
    /// An unoptimised build is thirty times slower.
    #if DEBUG
        private static let usual = 100
    #else
        private static let usual = 1_000
    #endif
    /// Seeds of histories that once ended with a record which was nowhere.
    private static let found: [UInt64] = [6_152_957_171_546_868_208]
    private static let histories = ProcessInfo.processInfo.environment["HISTORIES"].flatMap(Int.init) ?? usual

    @Test(
        "P1 whatever becomes of the sender's database, what was acknowledged is delivered, missing, lost, or in an interval that is named"
    )
    func histories() async {
        await withSeed { random in
            var sum = EndingHistory.Outcome()
            for index in 0..<Self.histories {
                let seed = index < Self.found.count ? Self.found[index] : random.next()
                do {
                    let outcome = try EndingHistory.live(seed: seed)
                    sum.acknowledged += outcome.acknowledged
                    sum.unsaid += outcome.unsaid
                    sum.deleted += outcome.deleted
                    sum.restored += outcome.restored
                } catch {
                    Issue.record("history \(seed): \(error)")
                    return
                }
            }
            #expect(sum.deleted > 0 && sum.restored > 0 && sum.unsaid > 0 && sum.acknowledged > 0, "\(sum)")
        }
    }
}

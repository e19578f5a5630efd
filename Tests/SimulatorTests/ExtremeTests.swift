import Simulator
import TestKit
import Testing

@Suite("Numbers from outside never trap and never stick")
struct ExtremeTests {
    @Test(
        "P4 P9 signed statements with the largest numbers leave an account that adds up, four forms of audit, and a link that goes on"
    )
    func statements() async {
        await withSeed { random in
            for _ in 0..<20 {
                let script = (0..<Int.random(in: 1...700, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                do { try ExtremeHistory.run(script) } catch {
                    Issue.record("\(error)\n\(script)")
                    return
                }
            }
        }
    }
}

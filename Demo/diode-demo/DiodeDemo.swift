import Foundation
import Glibc
import TestKit

// diode-demo: the whole journey on this machine, in about a minute: two brokers, a plant, the pair, and a link that can be hurt.
//
//   plant ──MQTT──▶ OT broker ──▶ diode-send ──UDP──▶ relay ──UDP──▶ diode-recv ──▶ IT broker ──▶ collector
//                                                   loses, cuts                          compares, reckons
//
//   Options.swift — what the command line may change
//   Narrator.swift — prints lines, for people and for logs alike
//   Scene.swift — brokers, pair, link, plant and collector, running
//   Acts.swift — what happens to the link, and what is to be seen meanwhile
//   Reckoning.swift — what was sent, arrived, repaired, missing and named, and whether that is as it should be

@main
struct DiodeDemo {
    static func main() async {
        do {
            let options = try Options(Array(CommandLine.arguments.dropFirst()))
            if options.wantsHelp {
                print(Options.help)
                return
            }
            let narrator = Narrator()
            let scene = try await Scene(options, narrator)
            let reckoning = try await Acts(scene, options, narrator).play()
            let isAsItShouldBe = reckoning.tell(narrator)
            try await scene.close()
            exit(isAsItShouldBe ? 0 : 1)
        } catch let error as Options.Wrong {
            complain(error)
            exit(2)
        } catch {
            complain(error)
            exit(1)
        }
    }

    private static func complain(_ error: any Error) {
        FileHandle.standardError.write(Foundation.Data("diode-demo: \(error)\n".utf8))
    }
}

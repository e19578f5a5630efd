/// One change to the sound tree that one rule must object to, once.
struct PlantedDefect: Sendable, CustomStringConvertible {
    let rule: String
    let path: String
    let change: @Sendable (String) -> String
    let complaint: String
    /// Further files that the change comes with, by path.
    let files: [String: String]

    var description: String { "\(rule): \(path) (\(complaint))" }

    /// Replaces `old` with `new`.
    init(_ rule: String, _ path: String, _ old: String, _ new: String, _ complaint: String) {
        self.rule = rule
        self.path = path
        self.complaint = complaint
        files = [:]
        change = { $0.replacing(old, with: new) }
    }

    /// Adds `text` at the end.
    init(
        _ rule: String, _ path: String, adding text: String, files: [String: String] = [:], _ complaint: String
    ) {
        self.rule = rule
        self.path = path
        self.complaint = complaint
        self.files = files
        change = { $0 + text }
    }

    static let all: [PlantedDefect] =
        house + drawings + imports + oneWay + documents + packages
        + SourceText.forbiddenInCode.map {
            PlantedDefect("source text", "Sources/FEC/FEC.swift", adding: "let x = \($0) y", "holds \($0)")
        }
        + SourceText.explainedInCode.map {
            PlantedDefect(
                "source text", "Sources/FEC/FEC.swift", adding: "\nlet y = 1\n\($0) var x", "without a comment")
        }
        + SourceText.machineFolders.map {
            PlantedDefect("source text", "README.md", adding: "\nin /\($0)/x", "one machine, /\($0)/")
        }
        + SourceText.toolNames.map {
            PlantedDefect("source text", "docs/WIRE.md", adding: "\nby \($0.uppercased())", "holds the word \($0)")
        }

    private static let house: [PlantedDefect] = [
        .init("folders", "Package.swift", "room(\"FEC\"), ", "", "belongs to no target"),
        .init(
            "folders", "Package.swift", "room(\"FEC\")", "room(\"FEC\"), room(\"Attic\")", "target Attic has no folder"),
        .init(
            "source text", "Sources/FEC/FEC.swift",
            adding: String(repeating: "let x = 1\n", count: SourceText.longestFile),
            "has 451 lines"),
        .init("scripts", "deploy/x.sh", adding: "if true; then\n", "is not valid shell"),
        .init("scripts", "deploy/x", adding: "#!/bin/bash\nif true; then\n", "is not valid shell"),
        .init("scripts", ".ci/run", adding: "swift build\n", "does more"),
        .init("scripts", ".ci/run", "exec make test </dev/null\n", "", "does not run `make test`"),
        .init("scripts", "Makefile", "soak:", "soa:", "no described target soak"),
        .init("mutants", MutantList.path, "is the matrix", "was the matrix", "applies in 0 places"),
        .init("mutants", "Sources/FEC/FEC.swift", adding: "// W-12 is the matrix.\n", "applies in 2 places"),
        .init("mutants", MutantList.path, "Any K will do.\n", "", "does not say what goes wrong"),
        .init("mutants", MutantList.path, "+// any", "+// W-12 is the matrix.", "changes nothing"),
    ]

    private static let drawings: [PlantedDefect] = [
        .init("drawings", "Sources/SenderOT/Journal.swift", adding: "let x = 1", "is missing in the drawing"),
        .init("drawings", "Sources/SenderOT/Emission/Queue.swift", adding: "let x = 1", "is missing in the drawing"),
        .init("drawings", "Tests/TestKit/Broker.swift", adding: "let x = 1", "is missing in the drawing"),
        .init(
            "drawings", "Sources/SenderOT/SenderOT.swift", adding: "//   Attic.swift — none\n", "not another part"),
        .init("drawings", "Sources/SenderOT/SenderOT.swift", adding: "//   Attic/ — none\n", "not another part"),
        .init(
            "drawings", "Sources/SenderOT/SenderOT.swift", adding: "//   FrameEmitter.swift — of a folder\n",
            "not another part"),
        .init(
            "drawings", "Sources/SenderOT/SenderOT.swift", adding: "//   SenderOT.swift — itself\n",
            "not another part"),
        .init(
            "drawings", "Sources/SenderOT/SenderOT.swift", adding: "//   Pacer.swift — again\n",
            "lists Pacer.swift twice"),
        .init(
            "drawings", "Sources/SenderOT/SenderOT.swift", adding: "//   Emission/ — again\n", "lists Emission/ twice"),
        .init(
            "drawings", "Sources/SenderOT/SenderOT.swift", "//   Emission/ — sends\n", "", "is missing in the drawing"),
        .init(
            "drawings", "Sources/SenderOT/SenderOT.swift", "//   Pacer", "//   1. Pacer", "is missing in the drawing"),
        .init("drawings", "Demo/diode-demo/Main.swift", adding: "let x = 1", "has no entry file DiodeDemo.swift"),
        .init(
            "drawings", "Tests/FECTests/Fixtures/Code.swift", adding: "let x = 1", "has no entry file Fixtures.swift"),
        .init(
            "drawings", "Tests/FECTests/Fixtures/Deep/Code.swift", adding: "let x = 1", "is missing in the drawing"),
        .init(
            "drawings", "Package.swift", "room(\"FEC\")",
            "room(\"FEC\"), room(\"Deep\", path: \"Sources/ReceiverIT/Deep\")",
            "has no entry file Deep.swift"),
        .init(
            "drawings", "Sources/FEC/FEC.swift",
            adding: (1...StageDrawings.mostFiles + 1).map { "//   Stage\($0).swift — one of many\n" }.joined(),
            files: Dictionary(
                uniqueKeysWithValues: (1...StageDrawings.mostFiles + 1).map { ("Sources/FEC/Stage\($0).swift", "") }),
            "holds 16 files beside its entry file, more than 15"),
    ]

    private static let imports: [PlantedDefect] = [
        .init("imports", "Sources/FEC/FEC.swift", adding: "internal import Threading\n", "no arrow FEC → Threading"),
        .init("imports", "Sources/FEC/FEC.swift", adding: "import struct Threading.Lock\n", "no arrow FEC → Threading"),
        .init("imports", "Sources/FEC/FEC.swift", adding: "public import CLinux\n", "no arrow FEC → CLinux"),
        .init(
            "imports", "Sources/ReceiverIT/FrameListener.swift", adding: "import SenderOT",
            "no arrow ReceiverIT → SenderOT"),
        .init(
            "imports", "Tests/FECTests/FECTests.swift", adding: "@testable import diode_send",
            "no arrow FECTests → diode-send"),
        .init(
            "imports", "Package.swift", "room(\"Outbox\")", "room(\"Outbox\", [\"ReceiverIT\"])",
            "Outbox must not reach ReceiverIT"),
        .init(
            "imports", "Package.swift", "[\"DatagramEmission\"]", "[\"DatagramEmission\", \"DatagramListening\"]",
            "SenderOTEmission must not reach DatagramListening"),
        .init(
            "imports", "Package.swift", "room(\"MQTT\"", "room(\"Speech\"", "no target for the import rule about MQTT"),
        .init("imports", "Package.swift", "room(\"FEC\")", "room(\"FEC\", [\"CLinux\"])", "FEC must not reach CLinux"),
        .init("imports", "Sources/FEC/FEC.swift", adding: "import Foundation", "FEC may not import Foundation"),
        .init(
            "imports", "Sources/SenderOT/Pacer.swift", adding: "internal import FoundationEssentials",
            "SenderOT may not import"),
        .init(
            "imports", "Sources/Shared/Configuration/Configuration.swift", adding: "internal import Foundation",
            "Configuration may not import"),
    ]

    private static let oneWay: [PlantedDefect] =
        OneWay.receiver.calls.map {
            .init(
                "one way", "Sources/ReceiverIT/FrameListener.swift", adding: "if \($0)(fd, x) < 0 {}",
                "the receiver's link code calls \($0)()")
        }
        + OneWay.sender.calls.map {
            .init(
                "one way", "Sources/SenderOT/Emission/Any.swift", adding: "let n = Glibc.\($0)(fd)",
                "the sender's link code calls \($0)()")
        }
        + OneWay.common.calls.map {
            .init(
                "one way", "Sources/Shared/Datagrams/SocketAddress.swift", adding: "\($0)(fd)",
                "both sides of the link share calls \($0)()")
        } + [
            .init(
                "one way", "Sources/Shared/Datagrams/Listening/Any.swift", adding: "_ = sendto(fd)",
                "the receiver's link code calls sendto()"),
            .init(
                "one way", "Sources/Shared/Datagrams/Emitting/Any.swift", adding: "_ = recv(fd)",
                "the sender's link code calls recv()"),
            .init(
                "one way", "Sources/ReceiverIT/Deep/Store/Any.swift", adding: "write(fd)",
                "the receiver's link code calls write()"),
        ]

    private static let documents: [PlantedDefect] = [
        .init("documents", "README.md", adding: "\n[x](docs/NONE.md)", "docs/NONE.md, which does not exist"),
        .init("documents", "README.md", adding: "\n[x](docs/WIRE.md#none)", "does not have"),
        .init("documents", "README.md", adding: "\n[x](#none)", "does not have"),
        .init("documents", "docs/WIRE.md", adding: "[x](README.md)", "docs/README.md, which does not exist"),
        .init("documents", "README.md", adding: "\n`Sources/FEC/None.swift`", "which does not exist"),
        .init("documents", "README.md", adding: "\n`make coffee`", "which the Makefile does not have"),
        .init("documents", "README.md", adding: "\n```sh\nmake coffee\n```\n", "which the Makefile does not have"),
        .init("architecture", "docs/ARCHITECTURE.md", "Pacer ", "Brake ", "draws Brake"),
        .init("architecture", "docs/ARCHITECTURE.md", "- `Sources/FEC`", "", "does not say what `Sources/FEC` is for"),
        .init(
            "wire rules", "docs/WIRE.md", adding: "- **W-14** Padding\n  MUST be zero.\n", "no test is named for W-14"),
        .init("wire rules", "docs/WIRE.md", adding: "- **W-13** again\n", "W-13 is defined twice"),
        .init("wire rules", "Tests/FECTests/FECTests.swift", adding: "@Test(\"W-99 x\") func x() {}", "names W-99"),
        .init(
            "wire rules", "Tests/FECTests/FECTests.swift", "@Test(\n    \"W-12", "// (\"W-12",
            "no test is named for W-12"),
    ]

    private static let packages: [PlantedDefect] = [
        .init("packages", "deploy/debian-packages.txt", "libzstd-dev - zstd\n", "other - x\n", "lacks libzstd-dev"),
        .init("packages", "Package.swift", "\"libisal-dev\"", "\"libzstd-dev\"", "lists libisal-dev, which"),
        .init("packages", "deploy/debian-packages.txt", adding: "libssl3\n", "is not `package - why`"),
        .init("packages", "deploy/debian-packages.txt", adding: "libzstd1 - again\n", "lists libzstd1 twice"),
        .init("packages", "deploy/debian-packages.txt", "[run]\nlibzstd1 - zstd\n", "", "has no section [run]"),
        .init(
            "packages", "README.md", adding: "\nsudo apt-get -y install libzstd-dev",
            "refer to deploy/debian-packages.txt"),
        .init("packages", ".ci/run", adding: "apt install anything", "installs packages by itself"),
    ]
}

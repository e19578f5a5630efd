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
        house + drawings + imports + oneWay + documents + citations + decisions + packages
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
        .init("mutants", MutantList.path, "file: ", "test: FECTests.NoSuchTests\nfile: ", "names no suite"),
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
        .init(
            "imports", "Package.swift", "room(\"FEC\")", "room(\"FEC\", [\"CLinux\"])",
            "FEC only decides and must not reach CLinux"),
        .init(
            "imports", "docs/ARCHITECTURE.md", adding: "| `Sources/SenderOT` | a core. No I/O, no clock |\n",
            "SenderOT only decides and must not reach Threading"),
        .init("imports", "Sources/FEC/FEC.swift", adding: "import Glibc", "FEC only decides and may not import Glibc"),
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
        .init(
            "architecture", "docs/ARCHITECTURE.md", "- `Sources/Outbox`", "",
            "does not say what `Sources/Outbox` is for"),
        .init(
            "wire rules", "docs/WIRE.md", adding: "- **W-14** Padding\n  MUST be zero.\n", "no test is named for W-14"),
        .init("wire rules", "docs/WIRE.md", adding: "- **W-13** again\n", "W-13 is defined twice"),
        .init(
            "wire rules", "Tests/FECTests/FECTests.swift", "P1 W-12 symbols", "P1 symbols",
            "no test is named for W-12"),
    ]

    private static let citations: [PlantedDefect] =
        [
            ("// as P2 wants", "cites P2, which"), ("let a = 1  // D1", "cites D1, which"),
            ("// (C4)", "cites C4, which"),
            ("// W-99", "cites W-99"), ("let rule = \"W-99\"", "cites W-99"), ("// WIRE §2", "cites WIRE §2"),
            ("// (WIRE W-12, §1.1)", "cites WIRE §1.1"), ("// docs/WIRE.md §1, §7", "cites WIRE §7"),
            ("// (ADR 0003)", "cites ADR 0003"), ("// ADR 2", "cites ADR 2"), ("// docs/adr/0009", "cites ADR 0009"),
            ("// docs/NONE.md", "cites docs/NONE.md"), ("// docs/WIRE.md, \"None\"", "cites \"None\""),
            ("// DESIGN", "cites a DESIGN"), ("let a = \"see DESIGN.md\"", "cites a DESIGN"),
        ].map { .init("citations", "Sources/FEC/FEC.swift", adding: $0.0 + "\n", $0.1) } + [
            .init("citations", "README.md", adding: "\nas P2 wants\n", "cites P2, which"),
            .init(
                "citations", "README.md", adding: "\n[P1](docs/PROMISES.md#d2-later)\n",
                "calls docs/PROMISES.md#d2-later"),
            .init("citations", "README.md", adding: "\n[ADR 0002](docs/adr/0001-a.md)\n", "calls docs/adr/0001-a.md"),
            .init("citations", "README.md", adding: "\n[wire](docs/WIRE.md), \"2. None\"\n", "cites \"2. None\""),
            .init("citations", "docs/WIRE.md", adding: "see RFC 8032 §5.1 and §3\n", "cites WIRE §3"),
            .init("citations", "Makefile", adding: "# keeps P2\n", "cites P2, which"),
            .init(
                "citations", "Tests/FECTests/FECTests.swift", adding: "@Test(\"P2 x\") func x() {}", "cites P2, which"),
            .init(
                "citations", "Tests/FECTests/FECTests.swift", adding: "@Test(\"§5 x\") func x() {}",
                "a section of nothing"),
            .init("citations", "Tests/FECTests/FECTests.swift", "\"P1 ", "\"", "no test is named for P1"),
            .init("citations", "docs/PROMISES.md", adding: "### D2 Again\n- **Not yet**: it.\n", "D2 is defined twice"),
            .init("citations", "docs/PROMISES.md", "- **Not yet**: it.", "Maybe.", "D2 does not say who shows"),
        ]

    private static let decisions: [PlantedDefect] = [
        .init("decisions", "docs/adr/README.md", "| [0001](0001-a.md) |", "[0001](0001-a.md) |", "is missing in"),
        .init("decisions", "docs/adr/README.md", adding: "| [0003](0003-c.md) | C | accepted |\n", "lists 0003, which"),
        .init("decisions", "docs/adr/README.md", "| B |", "| Bee |", "calls 0002 otherwise"),
        .init(
            "decisions", "docs/adr/README.md", "; superseded in part by [0002](0002-b.md)", "", "does not say of 0001"),
        .init("decisions", "docs/adr/README.md", "; supersedes parts of [0001](0001-a.md)", "", "does not say of 0002"),
        .init(
            "decisions", "docs/adr/README.md", adding: "| [0001](0001-a.md) | A | superseded by [0002](0002-b.md) |\n",
            "lists 0001 behind 0002"),
        .init("decisions", "docs/adr/0001-a.md", "# 0001 A", "# 1. A", "does not begin with `# 0001 `"),
        .init("decisions", "docs/adr/0001-a.md", "State: ", "Status: ", "has no line `State: "),
        .init("decisions", "docs/adr/0003-c.md", adding: "# 0003 C\n\nState: accepted.\n", "is missing in"),
        .init("threads", "docs/ARCHITECTURE.md", "| `emit` |", "| emit |", "starts the thread emit, which"),
        .init(
            "threads", "docs/ARCHITECTURE.md", "| sender |", "| sender | `idle` |\n| sender |", "lists the thread idle"),
        .init(
            "threads", "docs/ARCHITECTURE.md", "| sender |", "| sender | `emit` |\n| sender |",
            "lists the thread emit twice"),
        .init("threads", "Sources/FEC/FEC.swift", adding: "WorkerThread(name: \"sum\") {}\n", "starts the thread sum"),
        .init("threads", "Sources/FEC/FEC.swift", adding: "WorkerThread(name: x) {}\n", "whose name is not written"),
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

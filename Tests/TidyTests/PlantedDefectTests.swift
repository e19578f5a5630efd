import Foundation
import Testing

/// A rule that finds nothing anywhere is a defect: each one is shown a tree with one planted, and the same tree without it.
@Suite("Each tidy rule finds a planted defect")
struct PlantedDefectTests {
    /// A small project that every rule accepts.
    static let sound: [String: String] = [
        "Package.swift": """
        let shared: [Target.Dependency] = ["Threading", "Configuration"]  // both sides
        let package = Package(
            targets: [
                command("diode-send", ["SenderOT"] + shared),
                command("diode-recv", ["ReceiverIT"] + shared),
                room("SenderOT", ["DiodeProtocol", "FEC"] + shared, exclude: ["Emission", "MQTT"]),
                room("SenderOTEmission", ["DatagramEmission"], path: "Sources/SenderOT/Emission"),
                room("ReceiverIT", ["DiodeProtocol", "FEC"] + shared),
                room("Outbox"), room("Republish"), room("ReadBack", exclude: ["Core"]),
                room("ReadBackCore", path: "Sources/ReadBack/Core"),
                room(
                    "DiodeProtocol",
                    ["CZstd"]),
                room("FEC"), room("MQTT", path: "Sources/Shared/MQTT"),
                room("Threading", path: "Sources/Shared/Threading"),
                room("Configuration", path: "Sources/Shared/Configuration"),
                room("Datagrams", path: "Sources/Shared/Datagrams", exclude: ["Emitting", "Listening"]),
                room("DatagramEmission", ["Datagrams"], path: "Sources/Shared/Datagrams/Emitting"),
                room("DatagramListening", ["Datagrams"], path: "Sources/Shared/Datagrams/Listening"),
                .target(name: "CLinux", path: "Sources/Shared/CLinux"),
                system("CZstd", "libzstd", "libzstd-dev", path: "Sources/Shared/CZstd"),
                system("CSQLite", "sqlite3", "libsqlite3-dev", path: "Sources/Shared/CSQLite"),
                system("CISAL", "libisal", "libisal-dev", path: "Tests/CISAL"),
                room("TestKit", path: "Tests/TestKit"),
                tests("FECTests", ["FEC", "CISAL"]),
            ])
        """,
        "Sources/diode-send/DiodeSend.swift": "internal import SenderOT\n",
        "Sources/diode-recv/DiodeRecv.swift": "internal import ReceiverIT\n",
        "Sources/SenderOT/SenderOT.swift": "//   Pacer.swift — waits\n//   Emission/ — sends\n",
        "Sources/SenderOT/Pacer.swift": "public import DiodeProtocol\ninternal import Threading\n",
        "Sources/SenderOT/Emission/Emission.swift": "//   FrameEmitter.swift — sends\n",
        "Sources/SenderOT/Emission/FrameEmitter.swift":
            "// Sends (P1, D2; ADR 0001, WIRE §1).\nimport DatagramEmission\nlet sent = cl_sendmmsg(descriptor, vector, 4, 0)\n"
            + "let emit = try WorkerThread(\n    name: \"emit\") { send() }\n",
        "Sources/ReceiverIT/ReceiverIT.swift": "//   FrameListener.swift — listens\n//   Deep/ — of folders only\n",
        "Sources/ReceiverIT/FrameListener.swift":
            "let got = cl_recvmmsg(fd, v, 4, 0)\nstore.write(row) // never send()\n",
        "Sources/ReceiverIT/Deep/Store/Store.swift": "// keeps\n",
        "Sources/Outbox/Outbox.swift": "// keeps\n", "Sources/Republish/Republish.swift": "// publishes\n",
        "Sources/ReadBack/ReadBack.swift": "//   Core/ — compares\n",
        "Sources/ReadBack/Core/Core.swift": "// compares\n",
        "Sources/DiodeProtocol/DiodeProtocol.swift": "internal import CZstd\n",
        "Sources/FEC/FEC.swift": "// W-12 is the matrix.\n",
        "Sources/Shared/MQTT/MQTT.swift": "// speaks\n",
        "Sources/Shared/Datagrams/Datagrams.swift":
            "//   SocketAddress.swift — names\n//   Emitting/ — emits\n//   Listening/ — listens\n",
        "Sources/Shared/Datagrams/SocketAddress.swift": "_ = bind(fd)\n",
        "Sources/Shared/Datagrams/Emitting/Emitting.swift": "_ = cl_sendmmsg(fd)\n",
        "Sources/Shared/Datagrams/Listening/Listening.swift": "func send(_ byte: UInt8) {}\n_ = cl_recvmmsg(fd)\n",
        "Sources/Shared/Threading/Threading.swift":
            "// Safe: it is written once.\n@frozen\nnonisolated(unsafe) var x = 1\n",
        "Sources/Shared/Configuration/Configuration.swift": "// reads\n",
        "Sources/Shared/CLinux/CLinux.c": "", "Sources/Shared/CZstd/shim.h": "", "Sources/Shared/CSQLite/shim.h": "",
        "Tests/CISAL/shim.h": "",
        "Tests/TestKit/TestKit.swift": "import Foundation\n",
        "Tests/FECTests/FECTests.swift":
            "import FEC\n@Test(\n    \"P1 W-12 symbols follow the matrix\") func matrix() {}\n",
        "Tests/FECTests/Fixtures/Deep/Deep.swift": "// a code to compare with\n",
        "Makefile": Scripts.makeTargets.map { "\($0): ## what it does\n" }.joined(),
        ".ci/run": "#!/usr/bin/env bash\nset -e\ncd .\nexec make test </dev/null\n",
        "README.md": """
        # Name of it
        See [the wire](docs/WIRE.md#1-frame-one-datagram), [this](#name-of-it), `make demo`, `Sources/FEC/FEC.swift`.
        """,
        "docs/ARCHITECTURE.md": "```\n│ Pacer   waits   │ SenderOT\n```\n"
            + "## Threads\n\n| both | the main thread |\n| sender | `emit` | sends |\n\n## Rooms\n\n"
            + [
                "diode-send", "diode-recv", "SenderOT", "SenderOT/Emission", "ReceiverIT", "Outbox", "Republish",
                "ReadBack", "ReadBack/Core", "DiodeProtocol", "FEC", "Shared/MQTT", "Shared/Threading",
                "Shared/Configuration", "Shared/Datagrams",
                "Shared/Datagrams/Emitting", "Shared/Datagrams/Listening",
            ]
            .map { "- `Sources/\($0)`\n" }.joined() + "| `Sources/FEC` | symbols. No I/O, no clock |\n",
        "docs/WIRE.md":
            "## 1. Frame: one datagram\n\n- **W-12** A symbol MUST follow the matrix.\n- **W-13** Any K do.\n[up](../README.md)\n",
        "docs/PROMISES.md":
            "### P1 Complete\nAll of it.\n\n- **Shown by** `Tests/FECTests`.\n\n### D2 Later\n- **Not yet**: it.\n",
        "docs/adr/README.md":
            "| [0001](0001-a.md) | A | accepted; superseded in part by [0002](0002-b.md) |\n"
            + "| [0002](0002-b.md) | B | accepted; supersedes parts of [0001](0001-a.md) |\n",
        "docs/adr/0001-a.md":
            "# 0001 A\n\nState: accepted. Superseded in part:\n\n- a; b,\n  by [0002](0002-b.md).\n\n## Context\n",
        "docs/adr/0002-b.md": "# 0002 B\n\nState: accepted. It supersedes a part of [0001](0001-a.md).\n",
        "Tests/mutants/accounting.txt":
            "# What it is\n\n## all-k\nAny K will do.\nfile: Sources/FEC/FEC.swift\n-// W-12 is the matrix.\n+// any\n",
        "deploy/debian-packages.txt":
            "[build]\nlibzstd-dev - zstd\nlibsqlite3-dev - tables\n[test]\nlibisal-dev - yardstick\n[run]\nlibzstd1 - zstd\n",
    ]

    static let rules: [String: @Sendable (ProjectTree) async throws -> [Finding]] = [
        "folders": PackageManifest.unknownFolders, "drawings": StageDrawings.findings, "imports": ImportRules.findings,
        "one way": OneWay.findings, "documents": DocumentLinks.findings, "wire rules": WireRules.findings,
        "architecture": ArchitecturePage.findings, "source text": SourceText.findings, "packages": PackageList.findings,
        "scripts": Scripts.findings, "mutants": MutantList.findings, "citations": Citations.findings,
        "decisions": DecisionPages.findings, "threads": ThreadTable.findings,
    ]

    @Test("A sound tree has no finding", arguments: rules.keys.sorted())
    func soundTree(rule: String) async throws {
        let check = try #require(Self.rules[rule])
        let findings = try await check(ProjectTree(files: Self.sound))
        #expect(findings == [])
    }

    @Test("A defect is found where it was planted", arguments: PlantedDefect.all)
    func planted(defect: PlantedDefect) async throws {
        var files = Self.sound
        let before = files[defect.path] ?? ""
        files[defect.path] = defect.change(before)
        files.merge(defect.files) { _, new in new }
        try #require(files[defect.path] != before, "the defect was not planted: \(defect)")
        let check = try #require(Self.rules[defect.rule])
        let findings = try await check(ProjectTree(files: files))
        #expect(findings.count == 1, "\(defect) gives \(findings)")
        #expect(findings.contains { $0.complaint.contains(defect.complaint) }, "\(defect) gives \(findings)")
    }

    @Test("A page that supersedes another without its word is found, and the index with it")
    func oneSided() {
        var files = Self.sound
        files["docs/adr/0001-a.md"] = "# 0001 A\n\nState: accepted.\n"
        #expect(
            DecisionPages.findings(in: ProjectTree(files: files)).map(\.complaint) == [
                "supersedes 0001, which does not say so",
                "does not say of 0001 what its page says it supersedes or is superseded by",
            ])
        files = Self.sound
        files["docs/adr/0002-b.md"] = "# 0002 B\n\nState: accepted.\n"
        #expect(
            DecisionPages.findings(in: ProjectTree(files: files)).map(\.complaint) == [
                "is superseded by 0002, which does not say so",
                "does not say of 0002 what its page says it supersedes or is superseded by",
            ])
    }

    @Test("Only an id that stands alone is a promise")
    func ids() {
        #expect(
            Citations.ids(in: "P1, P9; (D22) C4: P10 [D6] `P3` …P2") == [
                "P1", "P9", "D22", "C4", "P10", "D6", "P3", "P2",
            ])
        #expect(Citations.ids(in: "P-256 SP1 P1a P_1 P100 D0 U+C4 0xD7 a.P1 x-P2 #P3 P4_ p50 PD1") == [])
    }

    @Test("Every rule has at least one planted defect")
    func everyRule() {
        #expect(Set(PlantedDefect.all.map(\.rule)) == Set(Self.rules.keys))
    }

    @Test("A tree is read from disk without what .gitignore names")
    func readsDisk() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("tidy-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in [
            "a/b.md": "x\ny", ".gitignore": ".build/\n*.log\n", ".build/c.md": "", "d.log": "", "a/.git/e": "",
            "b/.git": "elsewhere",
        ] {
            let place = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: place, atomically: true, encoding: .utf8)
        }
        let tree = try ProjectTree(root: root)
        #expect(tree.paths() == [".gitignore", "a/b.md"])
        #expect(tree.lines(of: "a/b.md").map(\.text) == ["x", "y"])
    }
}

// swift-tools-version: 6.2
// The architecture, top down: every line of a target's `dependencies` is an arrow of docs/ARCHITECTURE.md, and
// Tests/TidyTests refuses an import that has no arrow here.
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

func system(_ name: String, _ pkgConfig: String, _ debian: String, path: String? = nil) -> Target {
    .systemLibrary(name: name, path: path, pkgConfig: pkgConfig, providers: [.apt([debian])])
}

func room(_ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func command(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestKit"], exclude: exclude, swiftSettings: strict)
}

/// What sender and receiver share, each a room with one purpose.
let shared: [Target.Dependency] = [
    "Threading", "EventLog", "Configuration", "Control", "Storage", "Crypto", "Datagrams", "JSON",
]

let package = Package(
    name: "uns-diode",
    products: [
        .executable(name: "diode-send", targets: ["diode-send"]),
        .executable(name: "diode-recv", targets: ["diode-recv"]),
        .library(name: "DiodeProtocol", targets: ["DiodeProtocol"]),
        .library(name: "MQTT", targets: ["MQTT"]),
        .library(name: "Sparkplug", targets: ["Sparkplug"]),
        // For LD_PRELOAD under the programs that crash tests run; nothing links it.
        .library(name: "FaultyDisk", type: .dynamic, targets: ["CFaultyDisk"]),
    ],
    targets: [
        // Commands: flags → configuration → run.
        command("diode-send", ["SenderOT", "MQTT", "DiodeProtocol", "Commands"] + shared),
        command(
            "diode-recv",
            ["ReceiverIT", "Republish", "MQTT", "Sparkplug", "DiodeProtocol", "Outbox", "Ledger", "Audit", "Commands"]
                + shared),

        // The journey: OT broker → SenderOT → diode → ReceiverIT → Outbox → Republish → IT broker.
        room("SenderOT", ["MQTT", "Sparkplug", "DiodeProtocol", "FEC"] + shared),
        room("ReceiverIT", ["DiodeProtocol", "FEC", "Outbox", "Ledger", "Audit"] + shared),
        room("Republish", ["MQTT", "Sparkplug", "DiodeProtocol", "Outbox"] + shared),
        room("Outbox", ["DiodeProtocol", "Storage", "Threading"]),
        room("Ledger", ["DiodeProtocol", "Storage", "Crypto", "JSON"]),

        // Values and their bytes; symbols and theirs; the two protocols at the ends.
        room("DiodeProtocol", ["Crypto", "CZstd"]),
        room("FEC"),
        room("MQTT", ["Threading", "CLinux", "COpenSSL"]),
        room("Sparkplug", ["JSON"]),

        // Shared rooms.
        room("Commands", ["DiodeProtocol", "MQTT", "Control", "Configuration", "EventLog", "Threading", "JSON"]),
        room("Configuration", ["JSON"]),
        room("EventLog", ["Threading", "JSON"]),
        room("Control", ["Threading", "CLinux", "JSON"]),
        room("JSON"),
        room("Audit", ["JSON", "DiodeProtocol"]),
        room("Storage", ["CSQLite"]),
        room("Crypto", ["COpenSSL"]),
        room("Datagrams", ["CLinux", "Threading"]),
        room("Threading", ["CLinux"]),

        // C: what Glibc's module does not import, and Debian's libraries.
        .target(name: "CLinux"),
        system("COpenSSL", "openssl", "libssl-dev"),
        system("CSQLite", "sqlite3", "libsqlite3-dev"),
        system("CZstd", "libzstd", "libzstd-dev"),

        // Tests, benchmarks, demo: never shipped.
        system("CISAL", "libisal", "libisal-dev", path: "Tests/CISAL"),
        .target(name: "CAllocations", path: "Benchmarks/CAllocations"),
        .target(name: "CFaultyDisk", path: "Tests/CFaultyDisk"),
        command("disk-writer", ["Storage"], path: "Tests/disk-writer"),
        room("TestKit", ["CLinux", "Threading", "MQTT", "DiodeProtocol"], path: "Tests/TestKit"),
        room(
            "Simulator",
            ["SenderOT", "ReceiverIT", "Audit", "Outbox", "DiodeProtocol", "FEC", "Crypto", "MQTT", "TestKit"],
            path: "Tests/Simulator"),
        tests("TidyTests", []),
        tests("FECTests", ["FEC", "CISAL"], exclude: ["Vectors"]),
        tests("DiodeProtocolTests", ["DiodeProtocol", "Crypto"], exclude: ["Vectors"]),
        tests("AuditTests", ["Audit", "JSON", "DiodeProtocol"]),
        tests("LedgerTests", ["Ledger", "Storage", "Crypto"]),
        tests("MQTTTests", ["MQTT", "Threading"]),
        tests("SparkplugTests", ["Sparkplug"]),
        tests("SharedRoomTests", ["Commands"] + shared),
        tests(
            "SenderOTTests",
            [
                "diode-send", "SenderOT", "Sparkplug", "DiodeProtocol", "FEC", "MQTT", "Crypto", "Configuration",
                "Datagrams",
                "Storage", "JSON", "EventLog", "Threading",
            ]),
        tests(
            "ReceiverITTests",
            [
                "diode-recv", "ReceiverIT", "Outbox", "Ledger", "Audit", "DiodeProtocol", "FEC", "Crypto",
                "Configuration", "Datagrams",
                "Storage", "JSON", "EventLog", "Threading",
            ]),
        tests(
            "RepublishTests",
            ["Republish", "Outbox", "DiodeProtocol", "MQTT", "Sparkplug", "Configuration", "EventLog", "Threading"]),
        tests("SimulatorTests", ["Simulator", "SenderOT", "ReceiverIT", "FEC"]),
        tests("OutboxTests", ["Outbox", "DiodeProtocol", "Storage", "Threading"]),
        tests("CommandTests", ["diode-send", "diode-recv", "DiodeProtocol", "Crypto"]),
        tests(
            "CrashTests",
            ["diode-send", "diode-recv", "disk-writer", "SenderOT", "DiodeProtocol", "MQTT", "Storage", "Threading"]),
        tests("PairTests", ["diode-send", "diode-recv", "MQTT", "Threading"]),
        tests("SparkplugPairTests", ["diode-send", "diode-recv"]),
        command(
            "diode-bench",
            [
                "SenderOT", "ReceiverIT", "Outbox", "DiodeProtocol", "FEC", "Crypto", "MQTT", "TestKit", "Simulator",
                "Storage", "Threading", "CISAL", "CAllocations",
            ],
            path: "Benchmarks/diode-bench"),
        command("diode-demo", ["TestKit", "MQTT", "Threading"], path: "Demo/diode-demo"),
    ]
)

// `make check` names one target of tests: the package is then that target and what it reaches, so that an edit builds no more than its own
// tests need.
if let tests = Context.environment["CHECK_TESTS"] {
    // What CrashTests preload is no dependency of theirs.
    var needed: Set<String> = ["CFaultyDisk"]
    var open = [tests]
    while let name = open.popLast() {
        guard needed.insert(name).inserted else { continue }
        for case .byNameItem(let name, _) in package.targets.first(where: { $0.name == name })?.dependencies ?? [] {
            open.append(name)
        }
    }
    package.targets.removeAll { !needed.contains($0.name) }
    package.products.removeAll { product in
        let targets = (product as? Product.Executable)?.targets ?? (product as? Product.Library)?.targets ?? []
        return !needed.isSuperset(of: targets)
    }
}

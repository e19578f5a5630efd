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

func room(
    _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil, exclude: [String] = []
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: strict)
}

func command(
    _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, exclude: [String] = []
) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestKit", "Time"], exclude: exclude, swiftSettings: strict)
}

/// What sender and receiver share, each a room with one purpose.
let shared: [Target.Dependency] = [
    "Collections", "Threading", "EventLog", "Configuration", "Control", "Storage", "Crypto", "KeyFiles",
    "Datagrams", "JSON",
]

let package = Package(
    name: "uns-diode",
    products: [
        .executable(name: "diode-send", targets: ["diode-send"]),
        .executable(name: "diode-recv", targets: ["diode-recv"]),
        .library(name: "DiodeProtocol", targets: ["DiodeProtocol"]),
        .library(name: "MQTT", targets: ["MQTT"]),
        .library(name: "MQTTProtocol", targets: ["MQTTProtocol"]),
        .library(name: "Sparkplug", targets: ["Sparkplug"]),
        // For Fuzz: histories of signed statements.
        .library(name: "Simulator", targets: ["Simulator"]),
        // For LD_PRELOAD under the programs that tests run; nothing links them.
        .library(name: "FaultyDisk", type: .dynamic, targets: ["CFaultyDisk"]),
        .library(name: "ShiftedClock", type: .dynamic, targets: ["CShiftedClock"]),
    ],
    targets: [
        // Commands: flags → configuration → run.
        command(
            "diode-send",
            [
                "SenderOT", "SenderOTCore", "SenderOTJournal", "MQTT", "MQTTProtocol", "DiodeProtocol",
                "DatagramEmission", "Commands",
            ]
                + ["Time"] + shared),
        command(
            "diode-recv",
            [
                "ReceiverITStatus", "ReceiverIT", "ReceiverITAudit", "ReceiverITStore", "ReceiverITCore", "Audit",
                "Ledger",
                "Account", "Republish", "ReadBack", "Outbox", "Deliveries",
                "MQTT", "MQTTProtocol", "Sparkplug", "DiodeProtocol", "DatagramListening", "Commands",
            ] + ["Time"] + shared, exclude: ["Status"]),
        // What the receiver's daemon knows of itself, of which `status` and the retained status are projections.
        room(
            "ReceiverITStatus",
            [
                "ReceiverIT", "ReceiverITCore", "Republish", "Outbox", "Account", "Sparkplug", "DiodeProtocol", "JSON",
                "Time",
            ],
            path: "Sources/diode-recv/Status"),

        // OT broker → diode: the threads that wire the sender, its journal on disk, the only code that emits, and a core without I/O or a clock.
        room(
            "SenderOT",
            [
                "SenderOTCore", "SenderOTJournal", "SenderOTEmission", "MQTT", "MQTTProtocol", "Sparkplug",
                "DiodeProtocol", "FEC", "DatagramEmission",
            ]
                + ["Time"] + shared,
            path: "Sources/SenderOT", exclude: ["Core", "Journal", "Emission"]),
        room(
            "SenderOTJournal",
            [
                "SenderOTCore", "SenderOTEmission", "DiodeProtocol", "Storage", "Crypto", "EventLog", "Threading",
                "Time", "Collections",
            ],
            path: "Sources/SenderOT/Journal"),
        room(
            "SenderOTEmission",
            [
                "SenderOTCore", "DiodeProtocol", "Datagrams", "DatagramEmission", "Crypto", "Collections", "Threading",
                "Time",
            ],
            path: "Sources/SenderOT/Emission"),
        room(
            "SenderOTCore",
            ["DiodeProtocol", "FEC", "MQTTProtocol", "Sparkplug", "Crypto", "JSON", "Time", "Collections"],
            path: "Sources/SenderOT/Core"),

        // Diode → outbox: the threads that wire the receiver, its database, a core without I/O or a clock, and the values that all of them share.
        room(
            "ReceiverIT",
            [
                "ReceiverITCore", "ReceiverITStore", "Account", "Deliveries", "Outbox", "ReadBack", "Ledger",
                "DiodeProtocol",
                "DatagramListening",
            ]
                + ["Time"] + shared,
            path: "Sources/ReceiverIT", exclude: ["Account", "Audit", "AuditReading", "Core", "Ledger", "Store"]),
        room(
            "ReceiverITStore",
            [
                "ReceiverITCore", "Account", "Deliveries", "Outbox", "Ledger", "DiodeProtocol", "Storage", "Crypto",
                "KeyFiles", "JSON", "EventLog",
                "Time", "Collections",
            ],
            path: "Sources/ReceiverIT/Store"),
        room(
            "ReceiverITCore",
            ["Account", "Deliveries", "ReadBackCore", "DiodeProtocol", "FEC", "Crypto", "JSON", "Time", "Collections"],
            path: "Sources/ReceiverIT/Core"),
        room("Account", ["DiodeProtocol", "JSON", "Time"], path: "Sources/ReceiverIT/Account"),
        room(
            "Ledger", ["Account", "DiodeProtocol", "Time", "Storage", "Crypto", "JSON", "Collections"],
            path: "Sources/ReceiverIT/Ledger"),

        // Told later: what reads the database for an audit, and what an audit says.
        room(
            "ReceiverITAudit",
            [
                "ReceiverITStore", "ReceiverITCore", "Audit", "Account", "Ledger", "DiodeProtocol", "Storage", "Crypto",
                "JSON", "Time",
            ],
            path: "Sources/ReceiverIT/AuditReading"),
        room("Audit", ["Account", "JSON", "DiodeProtocol", "Time"], path: "Sources/ReceiverIT/Audit"),

        // Outbox → IT broker.
        room(
            "Republish",
            [
                "ReadBack", "ReadBackReader", "ReadBackCore", "Outbox", "Account", "Deliveries", "MQTT", "MQTTProtocol",
                "Sparkplug", "DiodeProtocol",
            ]
                + ["Time"] + shared),

        // What the IT broker retains, on its way back: the publisher's end, the mailbox, and the comparison without I/O or a clock.
        room(
            "ReadBackReader",
            [
                "ReadBack", "ReadBackCore", "Outbox", "DiodeProtocol", "MQTT", "MQTTProtocol", "EventLog", "Threading",
                "Time", "Collections",
            ],
            path: "Sources/ReadBack/Reader"),
        room(
            "ReadBack", ["ReadBackCore", "Outbox", "Threading"], path: "Sources/ReadBack", exclude: ["Core", "Reader"]),
        room("ReadBackCore", ["DiodeProtocol"], path: "Sources/ReadBack/Core"),

        room(
            "Outbox", ["Account", "Deliveries", "DiodeProtocol", "Storage", "Collections", "Threading", "Time"],
            path: "Sources/Outbox", exclude: ["Deliveries"]),
        room("Deliveries", ["DiodeProtocol", "Time"], path: "Sources/Outbox/Deliveries"),

        // Values and their bytes; symbols and theirs.
        room("DiodeProtocol", ["Collections", "Crypto", "CZstd", "Time"]),
        room("FEC", ["CFieldKernels"], exclude: ["CFieldKernels"]),

        // What both sides share: the two protocols at the ends, and rooms with one purpose each.
        room(
            "MQTT", ["MQTTProtocol", "Collections", "Threading", "Time", "CLinux", "COpenSSL"],
            path: "Sources/Shared/MQTT",
            exclude: ["Protocol"]),
        room("MQTTProtocol", ["Collections", "Time"], path: "Sources/Shared/MQTT/Protocol"),
        room("Sparkplug", ["Collections", "JSON"], path: "Sources/Shared/Sparkplug"),
        room(
            "Commands",
            [
                "DiodeProtocol", "KeyFiles", "Time", "MQTT", "MQTTProtocol", "Control", "Configuration", "EventLog",
                "Threading",
                "JSON",
            ],
            path: "Sources/Shared/Commands"),
        room("Configuration", ["JSON"], path: "Sources/Shared/Configuration"),
        room("EventLog", ["Threading", "Time", "JSON"], path: "Sources/Shared/EventLog"),
        room("Control", ["Threading", "Time", "CLinux", "JSON"], path: "Sources/Shared/Control"),
        room("JSON", path: "Sources/Shared/JSON"),
        room("Storage", ["CSQLite"], path: "Sources/Shared/Storage"),
        room(
            "KeyFiles", ["DiodeProtocol", "Crypto", "COpenSSL", "Threading", "Time"], path: "Sources/Shared/KeyFiles"),
        room("Crypto", ["COpenSSL"], path: "Sources/Shared/Crypto"),
        room(
            "Datagrams", ["CLinux", "Threading"], path: "Sources/Shared/Datagrams", exclude: ["Emitting", "Listening"]),
        room(
            "DatagramEmission", ["Datagrams", "CLinux", "Threading", "Time"], path: "Sources/Shared/Datagrams/Emitting"),
        room(
            "DatagramListening", ["Datagrams", "CLinux", "Threading"], path: "Sources/Shared/Datagrams/Listening"),
        room("Threading", ["CLinux", "Time"], path: "Sources/Shared/Threading"),
        room("Collections", path: "Sources/Shared/Collections"),
        room("Time", path: "Sources/Shared/Time"),

        // C: what Glibc's module does not import, what Swift has no instructions for, and Debian's libraries.
        .target(name: "CLinux", path: "Sources/Shared/CLinux"),
        .target(name: "CFieldKernels", path: "Sources/FEC/CFieldKernels"),
        system("COpenSSL", "openssl", "libssl-dev", path: "Sources/Shared/COpenSSL"),
        system("CSQLite", "sqlite3", "libsqlite3-dev", path: "Sources/Shared/CSQLite"),
        system("CZstd", "libzstd", "libzstd-dev", path: "Sources/Shared/CZstd"),

        // Tests, benchmarks, demo: never shipped.
        system("CISAL", "libisal", "libisal-dev", path: "Tests/CISAL"),
        .target(name: "CAllocations", path: "Benchmarks/CAllocations"),
        .target(name: "CFaultyDisk", path: "Tests/CFaultyDisk"),
        .target(name: "CShiftedClock", path: "Tests/CShiftedClock"),
        command("disk-writer", ["Storage"], path: "Tests/disk-writer"),
        room(
            "TestKit", ["CLinux", "Threading", "Time", "MQTT", "MQTTProtocol", "DiodeProtocol"], path: "Tests/TestKit"),
        room(
            "Simulator",
            [
                "SenderOT", "SenderOTCore", "SenderOTJournal", "SenderOTEmission", "ReceiverIT", "ReceiverITCore",
                "ReceiverITStore", "ReceiverITAudit", "Account", "Deliveries", "Audit", "Outbox", "Storage", "EventLog",
                "DiodeProtocol", "FEC", "Crypto", "MQTT", "MQTTProtocol", "TestKit", "Time",
            ],
            path: "Tests/Simulator"),
        tests("TidyTests", []),
        tests("FECTests", ["FEC", "CISAL"], exclude: ["Vectors"]),
        tests("DiodeProtocolTests", ["DiodeProtocol", "Crypto"], exclude: ["Vectors"]),
        tests("AuditTests", ["Audit", "Account", "JSON", "DiodeProtocol"]),
        tests("LedgerTests", ["Ledger", "Account", "DiodeProtocol", "JSON", "Storage", "Crypto"]),
        tests("MQTTTests", ["MQTT", "MQTTProtocol", "Threading"]),
        tests("SparkplugTests", ["Sparkplug"]),
        tests("SharedRoomTests", ["Commands", "DatagramEmission", "DatagramListening"] + shared),
        tests(
            "SenderOTTests",
            [
                "diode-send", "SenderOT", "SenderOTCore", "SenderOTJournal", "SenderOTEmission", "Sparkplug",
                "DiodeProtocol", "FEC", "MQTT", "MQTTProtocol", "Crypto", "KeyFiles", "Configuration",
                "Datagrams", "DatagramListening",
                "Storage", "JSON", "EventLog", "Threading",
            ]),
        tests(
            "ReceiverITTests",
            [
                "diode-recv", "ReceiverIT", "ReceiverITCore", "ReceiverITStore", "ReceiverITAudit", "ReceiverITStatus",
                "Republish", "Account", "Deliveries", "Outbox", "Ledger", "Audit", "DiodeProtocol", "FEC", "Crypto",
                "Configuration", "Datagrams", "DatagramEmission", "Simulator",
                "Storage", "JSON", "EventLog", "Threading",
            ]),
        tests(
            "RepublishTests",
            [
                "Republish", "ReadBack", "ReadBackReader", "Outbox", "Account", "Deliveries", "DiodeProtocol", "MQTT",
                "MQTTProtocol",
                "Sparkplug", "Storage", "Configuration", "EventLog", "Threading",
            ]),
        tests(
            "SimulatorTests",
            [
                "Simulator", "SenderOT", "SenderOTCore", "SenderOTJournal", "SenderOTEmission", "ReceiverIT",
                "ReceiverITCore", "ReceiverITStore", "ReceiverITAudit", "Account", "Deliveries", "FEC",
            ]),
        tests(
            "OutboxTests", ["Outbox", "Account", "Deliveries", "Collections", "DiodeProtocol", "Storage", "Threading"]),
        tests("ReadBackTests", ["ReadBackCore", "DiodeProtocol"]),
        tests(
            "CommandTests", ["diode-send", "diode-recv", "DiodeProtocol", "Crypto", "KeyFiles"], exclude: ["Recorded"]),
        tests(
            "CrashTests",
            [
                "diode-send", "diode-recv", "disk-writer", "SenderOT", "SenderOTCore", "SenderOTJournal",
                "SenderOTEmission", "DiodeProtocol", "MQTT", "MQTTProtocol", "Storage", "Threading",
            ]),
        tests("PairTests", ["diode-send", "diode-recv", "MQTT", "MQTTProtocol", "Threading"]),
        tests("SparkplugPairTests", ["diode-send", "diode-recv"]),
        command(
            "diode-bench",
            [
                "SenderOT", "SenderOTCore", "SenderOTJournal", "SenderOTEmission", "ReceiverIT", "ReceiverITCore",
                "ReceiverITStore", "ReceiverITAudit", "Account", "Deliveries", "Outbox", "DiodeProtocol",
                "FEC", "Crypto", "MQTT", "MQTTProtocol", "TestKit", "Simulator", "Configuration", "Datagrams",
                "DatagramEmission", "EventLog", "Storage", "Threading", "Time", "CISAL", "CAllocations",
            ],
            path: "Benchmarks/diode-bench"),
        command("diode-demo", ["TestKit", "MQTT", "MQTTProtocol", "Threading", "Time"], path: "Demo/diode-demo"),
    ]
)

// `make check` names one target of tests: the package is then that target and what it reaches, so that an edit builds no more than its own
// tests need.
if let tests = Context.environment["CHECK_TESTS"] {
    // What tests preload is no dependency of theirs.
    var needed: Set<String> = ["CFaultyDisk", "CShiftedClock"]
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

// swift-tools-version: 6.2
// Hostile bytes for every decoder (libFuzzer). A package of its own, because the flags that it needs may not stand in one that
// others depend on. `make fuzz` builds and runs all targets; Fuzz/run.sh says how to run one.
import PackageDescription

/// One decoder or a few that belong together: Sources/NAME holds its `LLVMFuzzerTestOneInput`.
func fuzz(_ name: String, _ modules: [String]) -> Target {
    .executableTarget(
        name: name, dependencies: modules.map { .product(name: $0, package: "uns-diode") },
        swiftSettings: [
            .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"), .unsafeFlags(["-parse-as-library"]),
        ])
}

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "uns-diode", path: "..")],
    targets: [
        fuzz("FuzzFrame", ["DiodeProtocol"]),
        fuzz("FuzzContent", ["DiodeProtocol"]),
        fuzz("FuzzCard", ["DiodeProtocol"]),
        fuzz("FuzzBundle", ["DiodeProtocol"]),
        fuzz("FuzzMQTT", ["MQTTProtocol"]),
        fuzz("FuzzSession", ["MQTTProtocol"]),
        fuzz("FuzzReceive", ["MQTTProtocol"]),
        fuzz("FuzzSparkplug", ["Sparkplug"]),
        fuzz("FuzzStatements", ["Simulator"]),
    ]
)

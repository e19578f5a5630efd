import Foundation

/// Where programs are: the ones built from this package, and the system's.
public enum Executable {
    /// A program was not found.
    public struct Missing: Error, CustomStringConvertible {
        public let description: String
    }

    /// The root of the checkout.
    public static let projectRoot: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The folder of built products: the one that holds the running test bundle or program (`.build/debug`,
    /// `.build/release`), or what `DIODE_PRODUCTS` says.
    public static let products: String = {
        if let chosen = ProcessInfo.processInfo.environment["DIODE_PRODUCTS"] { return chosen }
        // Tests run inside a helper of the toolchain that loads the bundle: the bundle is among the mapped files.
        let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
        for line in maps.split(separator: "\n") where line.hasSuffix(".xctest") {
            if let start = line.firstIndex(of: "/") {
                return (String(line[start...]) as NSString).deletingLastPathComponent
            }
        }
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return ((own ?? projectRoot + "/.build/debug/x") as NSString).deletingLastPathComponent
    }()

    /// A built product, such as `diode-send`.
    public static func path(_ product: String) -> String { products + "/" + product }

    /// The absolute path of a program; a name with a slash is one already.
    static func find(_ program: String) throws -> String {
        if program.contains("/") { return program }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for folder in path.split(separator: ":") + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"] {
            let candidate = "\(folder)/\(program)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw Missing(description: "\(program) is not installed: see deploy/debian-packages.txt")
    }
}

// diode-bench: what the parts cost, beside yardsticks that run in the same minute on the same machine.
//
//   swift run -c release diode-bench           every case
//   swift run -c release diode-bench fec …     some of them
//
// A case is a function that returns rows; `cases` names it, and it has a file of its own. It compares results with a
// reference before it times anything.
//
//   Figures/ — a measured figure, how it is taken and printed
//   Cores/ — cases without a broker: fec, frames, frontdoor, allocations, outbox, store
//   Pairs/ — cases with both sides: brokers, latency, durability, endurance, snapshot, recovery, rebirth, edgenodes, coldstart
//   Traffic/ — what these publish, and the check that it arrives

import Glibc

/// One command-line word and what it measures.
struct BenchCase: Sendable {
    let name: String
    let summary: String
    let run: @Sendable () async throws -> [BenchRow]
}

@main
struct DiodeBench {
    static let cases = [
        BenchCase(name: "fec", summary: "Reed–Solomon, beside ISA-L", run: benchFEC),
        BenchCase(
            name: "frames", summary: "both cores, one thread each, beside what libcrypto alone takes", run: benchFrames),
        BenchCase(
            name: "frontdoor", summary: "how long genuine records wait among forged frames", run: benchFrontDoor),
        BenchCase(name: "allocations", summary: "what the cores allocate once they are warm", run: benchAllocations),
        BenchCase(
            name: "outbox", summary: "the outbox alone: intake while nobody publishes, and emptying", run: benchOutbox),
        BenchCase(
            name: "store", summary: "transactions of the receiver's store, by what they and the file hold",
            run: benchStore),
        BenchCase(
            name: "brokers", summary: "messages through both brokers, beside mosquitto's bridge", run: benchBrokers),
        BenchCase(name: "latency", summary: "from publish to arrival, beside mosquitto's bridge", run: benchLatency),
        BenchCase(
            name: "durability", summary: "what disks cost: acknowledgements, the outbox, many topics",
            run: benchDurability),
        BenchCase(
            name: "endurance", summary: "memory under loss, hostile frames, an absent broker; a million topics",
            run: benchEndurance),
        BenchCase(
            name: "snapshot", summary: "the whole state: memory, rounds, checkpoints", run: benchSnapshot),
        BenchCase(
            name: "recovery", summary: "what arrives without an operator: erasure code / echo / bundle, in per cent",
            run: benchRecovery),
        BenchCase(
            name: "rebirth", summary: "births of 1,000 metrics for a host, beside the edge node itself",
            run: benchRebirth),
        BenchCase(
            name: "edgenodes", summary: "300 edge nodes × 10 devices × 20 metrics: cold start, rebirth storm",
            run: benchEdgeNodes),
        BenchCase(
            name: "coldstart", summary: "until the IT broker has every retained topic, beside mosquitto's bridge",
            run: benchColdStart),
    ]

    static func main() async {
        let wanted = CommandLine.arguments.dropFirst()
        let known = cases.map(\.name)
        guard wanted.allSatisfy(known.contains) else {
            print("usage: diode-bench [CASE]…")
            for bench in cases { print("  \(bench.name)  \(bench.summary)") }
            exit(2)
        }
        #if DEBUG
            print("This is a debug build: its figures mean nothing. Use make bench")
        #endif
        var failures = 0
        for bench in cases where wanted.isEmpty || wanted.contains(bench.name) {
            print("\(bench.name): \(bench.summary)")
            do {
                BenchRow.printTable(try await bench.run())
            } catch {
                print("  failed: \(error)")
                failures += 1
            }
        }
        if failures > 0 { exit(1) }
    }
}

@main
struct DiodeRecv {
    static func main() {}
}

"""What `elevator-agent bus` says, in English and Chinese. A table; nothing here decides or prints."""

from collections.abc import Mapping

BUS_TEXTS: Mapping[str, tuple[str, str]] = {
    "bus.short": ("What passes on the bus; learn an unknown map.", "总线报文；辨识未知寄存器。"),
    "bus.help": (
        ("Show the frames of the running service as they pass: time, driver, sent → or received ←, "
        "bytes, and what they say. Nothing is sent for it.\n\n"
        "Of an unknown device --learn finds the registers, --scan finds the devices on a line. Both need the "
        "line for themselves and only read. Their options: elevator-agent bus --learn --help"),
        ("显示服务的总线报文：时间、驱动、发送 → 或接收 ←、字节及其含义。不会因此发送任何报文。\n\n"
        "--learn 查明未知设备的寄存器，--scan 查明线路上的设备；两者须独占线路，且只读。"
        "其选项：elevator-agent bus --learn --help"),
    ),
    "bus.examples": (
        ("elevator-agent bus\n"
        "elevator-agent bus --driver controller --address 0x10-0x22\n"
        "elevator-agent bus --learn --url tcp://192.168.1.20 --device-id 1\n"
        "elevator-agent bus --scan --url tcp://192.168.1.20"),
        "",
    ),
    "option.bus.driver": ("Only this driver.", "仅此驱动。"),
    "option.bus.device": ("Only this device address.", "仅此从站地址。"),
    "option.bus.function": ("Only this function code.", "仅此功能码。"),
    "option.bus.address": (
        "Only frames about these registers or bits: 17, 0x10-0x22.",
        "仅涉及这些寄存器或位的报文：17、0x10-0x22。",
    ),
    "option.bus.errors": (
        "Only what is wrong or refused.", "仅错误或被拒绝的报文。",
    ),
    "option.bus.kept": (
        "Begin with the last frames that the service kept.", "先显示服务保留的最近报文。",
    ),
    "option.bus.full": (
        "Every byte and value, on several lines.", "多行显示全部字节与数值。",
    ),
    "option.bus.limit": ("End after so many frames.", "显示若干条后结束。"),
    "option.bus.learn": ("Find the map of an unknown device.", "辨识未知设备的寄存器。"),
    "option.bus.scan": (
        "Find the devices on a line, and its speed.",
        "查找线路上的设备及波特率。",
    ),
    "option.bus.url": ("The line to look at, as in the configuration.", "要查看的线路，写法同配置。"),
    "option.bus.device-id": ("The device to look at; --scan without it: all.", "要查看的设备地址；--scan 不给出则全部。"),
    "option.bus.range": ("Addresses to try (default 0x0000-0x00FF).", "尝试的地址（默认 0x0000-0x00FF）。"),
    "option.bus.tables": (
        "coil, discrete, holding, input (default holding,input).",
        "coil、discrete、holding、input（默认后两者）。",
    ),
    "option.bus.pause-ms": ("Pause between requests (default 100).", "两次请求的间隔（默认 100）。"),
    "option.bus.timeout-ms": ("Wait for an answer (default 500).", "应答等待时间（默认 500）。"),
    "option.bus.seconds": (
        "Watch so long; 0 not at all (default: to Ctrl-C).", "观察秒数；0 不观察（默认到 Ctrl-C）。",
    ),
    "option.bus.mark": (
        "What you will do while watching; Enter says: now.",
        "观察时依次要做的动作；按回车表示正在做。",
    ),
    "option.bus.write-profile": (
        "Write what was found as the beginning of a profile.", "将结果写成档案雏形。",
    ),
    "option.bus.yes": ("You have read the warning.", "已阅读警告。"),
    "bus.one_mode": (
        "With --url: either --learn or --scan.", "使用 --url 时，须在 --learn 与 --scan 中选一。",
    ),
    "bus.needs_url": ("--url is missing: which line?", "缺少 --url：哪条线路？"),
    "bus.needs_device": (
        "--device-id is missing: which device? Find it: elevator-agent bus --scan",
        "缺少 --device-id：哪个设备？可用 elevator-agent bus --scan 查找",
    ),
    "bus.learn.held": (
        ("The running service is on this line (driver {driver}); nobody else may ask there meanwhile.\n"
        "    See what passes: elevator-agent bus    "
        "Or stop it first: sudo systemctl stop elevator-agent"),
        ("运行中的服务正在使用此线路（驱动 {driver}），其间不可另行询问。\n"
        "    查看报文：elevator-agent bus    或先停止：sudo systemctl stop elevator-agent"),
    ),
    "bus.learn.warning": (
        ("This only reads (functions 1 to 4). Still: some drives trip when whoever polled them stops\n"
        "(communication-loss trip, on Invertek Elevator Core P2-04). Look into the drive's parameters\n"
        "first, and do not do this while people ride."),
        ("本操作只读（功能码 1 至 4）。但有的变频器在轮询停止后会报通信中断并停机\n"
        "（如 Invertek Elevator Core 的 P2-04）。请先查看变频器参数，并勿在载人时进行。"),
    ),
    "bus.learn.sure": ("Go on?", "继续？"),
    "bus.learn.unsure": (
        "Nothing was asked. To go on without this question: --yes", "未发送任何请求。跳过确认：--yes",
    ),
    "bus.learn.nobody": ("Nothing answers: {reason}", "无应答：{reason}"),
    "bus.learn.progress": ("{where}; {count} answer so far", "{where}；已有 {count} 个应答"),
    "bus.learn.surveyed": ("{count} addresses answer.", "{count} 个地址有应答。"),
    "bus.learn.type": (
        "Watching. Type what you do, Enter when you do it; Ctrl-C ends.",
        "观察中。输入动作名称，动作时按回车；Ctrl-C 结束。",
    ),
    "bus.learn.do": ("Watching. Enter when you do it: {name}", "观察中。做此动作时按回车：{name}"),
    "bus.learn.marked": ("Marked: {name}", "已标记：{name}"),
    "bus.learn.written": (
        "Written: {path}. It is no profile before you name its signals.",
        "已写入 {path}。填写信号后才是可用档案。",
    ),
    "bus.learn.absent": ("{table}: the device has none", "{table}：设备不支持"),
    "bus.learn.answering": ("{table} answering: {spans}", "{table} 有应答：{spans}"),
    "bus.learn.refused": ("{table} refused: {spans}", "{table} 被拒绝：{spans}"),
    "bus.learn.silent": ("{table} silent: {spans}", "{table} 无应答：{spans}"),
    "bus.learn.followed": (
        "After {name!r} ({count} times):", "{name!r} 之后（{count} 次）：",
    ),
    "bus.scan.progress": (
        "device {device} at {url}; {count} found", "设备 {device}，{url}；已找到 {count} 个",
    ),
    "bus.scan.nobody": (
        "No device answers: check power, wires A and B, parity and url.",
        "无设备应答：请检查电源、A/B 接线、校验位和 url。",
    ),
    "bus.column.device": ("device", "设备"),
    "bus.column.url": ("url", "url"),
    "bus.column.place": ("address", "地址"),
    "bus.column.value": ("value", "值"),
    "bus.column.least": ("min", "最小"),
    "bus.column.most": ("max", "最大"),
    "bus.column.bits": ("bits that changed", "变化的位"),
    "bus.missed": (
        "… {count} frame(s) missed: this side was too slow", "…… 漏掉 {count} 条：本端过慢",
    ),
    "bus.asks": ("{what} ?", "{what} ？"),
    "bus.function": ("function {n}", "功能码 {n}"),
    "bus.table.1": ("coil", "线圈"),
    "bus.table.2": ("discrete", "离散输入"),
    "bus.table.3": ("holding", "保持寄存器"),
    "bus.table.4": ("input", "输入寄存器"),
    "bus.refused": ("refused: {code} {what}", "拒绝：{code} {what}"),
    "bus.exception.1": ("illegal function", "功能码不支持"),
    "bus.exception.2": ("illegal address", "地址无效"),
    "bus.exception.3": ("illegal count", "数量无效"),
    "bus.exception.4": ("device failure", "设备故障"),
    "bus.exception.6": ("device busy", "设备忙"),
    "bus.exception.10": ("gateway path unavailable", "网关路径不可用"),
    "bus.exception.11": ("no answer behind the gateway", "网关后设备无应答"),
    "bus.wrong.empty": ("nothing came", "无应答"),
    "bus.wrong.short": ("INCOMPLETE", "不完整"),
    "bus.wrong.length": ("WRONG LENGTH", "长度不符"),
    "bus.wrong.crc": ("CRC WRONG", "校验错误"),
    "bus.wrong.noise": ("with other bytes around it", "前后夹杂其他字节"),
    "bus.wrong.protocol": ("NOT MODBUS TCP", "非 Modbus TCP"),
    "bus.wrong.echo": ("echo of the question", "问询的回显"),
    "bus.wrong.foreign": ("QUESTION OF ANOTHER MASTER", "另一主站的问询"),
    "bus.wrong.unasked": ("nobody asked for it", "非应答"),
    "bus.wrong.other": ("answer to another question", "与问询不符"),
}  # fmt: skip

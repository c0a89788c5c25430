"""What `elevator-agent bundle` says, in English and Chinese. A table."""

from collections.abc import Mapping

BUNDLE_TEXTS: Mapping[str, tuple[str, str]] = {
    "bundle.short": ("A support archive, without secrets.", "支持包（不含密码）。"),
    "bundle.help": (
        (
            "Write one file with what somebody else needs to help: configuration without secrets, what check, "
            "status, signals, outbox and doctor say, the journal's last events, recordings, logs, versions.\n\n"
            "Works with the service running or not; what cannot be had is listed in it with the reason. Card "
            "numbers are replaced. It is opened with: elevator-agent replay FILE\n\n"
            "Exit code 1 when something could not be had, 2 when the file cannot be written."
        ),
        (
            "写出一个文件，供他人协助分析：不含密码的配置，\n\n"
            "check、status、signals、outbox、doctor 的输出，最近的事件、记录、日志与版本。\n\n"
            "服务运行与否均可；未能取得的内容会列出原因。卡号已替换。\n\n"
            "打开方法：elevator-agent replay 文件\n\n"
            "有内容未取得时退出码 1，文件无法写入时 2。"
        ),
    ),
    "bundle.examples": (
        (
            "elevator-agent bundle\nelevator-agent bundle --days 30 --out lift-3.tar.gz\n"
            "elevator-agent replay bundle-e01-20261123T080031Z.tar.gz"
        ),
        "",
    ),
    "option.bundle.out": (
        "The file to write; default a name with elevator and time, here.",
        "输出文件；默认在当前目录，名称含梯号与时间。",
    ),
    "option.bundle.days": (
        "How many days of events and logs; default 7.",
        "事件与日志的天数；默认 7。",
    ),
    "bundle.had": ("  {name}", "  {name}"),
    "bundle.missing": ("  {name}: not there: {reason}", "  {name}：未取得：{reason}"),
    "bundle.made": (
        "{path}: {members} files, {size:.1f} MB. Look into it before you pass it on.",
        "{path}：{members} 个文件，{size:.1f} MB。转交前请先查看。",
    ),
    "bundle.replaying": ("Replaying {name}", "回放 {name}"),
    "bundle.defaults": (
        "The archive holds no configuration that can be used; limits are the defaults.",
        "支持包中没有可用的配置，限值取默认值。",
    ),
    "bundle.others": (
        "Other recordings in this archive, for --recording:\n{names}",
        "本包中的其他记录（用 --recording 指定）：\n{names}",
    ),
    "bundle.no_recording": (
        "{file} holds no recording. Its other files can be read after: tar xzf {file}",
        "{file} 中没有记录。其余文件可用 tar xzf {file} 解开查看。",
    ),
    "bundle.no_such": (
        "There is no recording {name} in this archive. There are:\n{names}",
        "本包中没有记录 {name}。现有：\n{names}",
    ),
    "bundle.unwritable": (
        "{path} cannot be written: {reason}. Name another file with --out.",
        "无法写入 {path}：{reason}。请用 --out 指定其他文件。",
    ),
}

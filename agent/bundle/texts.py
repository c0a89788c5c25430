"""What stands in the archive for whoever opens it, in both languages at once."""

READ_ME = """\
A support archive of one elevator's agent.

  manifest.json      every file with its size and SHA-256, and what could not be had and why
  configuration/     the configuration, without comments and without users and passwords in addresses; register maps
  check, status, signals, outbox, recordings, doctor
                     what the commands of these names said when the archive was made
  events.jsonl       the journal's last events, one message a line, as they are published
  recordings/        what the signals did, for replay
  log.txt            the service's log, newest first
  system.txt         system, board, memory, mounts, packages

Card numbers are replaced by stand-ins; the same card has the same one throughout this archive. Names that people gave when
they acknowledged an alarm are kept.

See a recording:    elevator-agent replay THIS-FILE.tar.gz
Another of them:    elevator-agent replay THIS-FILE.tar.gz --recording NAME


一台电梯监测程序的支持包。

  manifest.json      每个文件的大小与 SHA-256，以及未能取得的内容和原因
  configuration/     配置（不含注释，地址中不含用户名和密码）及寄存器表
  check、status、signals、outbox、recordings、doctor
                     制作时各命令的输出
  events.jsonl       日志中最近的事件，每行一条，与发布的消息相同
  recordings/        信号记录，可回放
  log.txt            服务日志，最新的在前
  system.txt         系统、主板、内存、挂载、软件包

卡号已替换为代号；同一张卡在本包内代号相同。确认报警时留下的姓名保留。

查看记录：    elevator-agent replay 本文件.tar.gz
查看另一条：  elevator-agent replay 本文件.tar.gz --recording 名称
"""

"""Column numbers of the plain arrays read and filled by the compiled loop.

Belongs here: names of columns, no computation. Does not belong here: public names of the results (`simulation.py`).
"""

# Columns of a portfolio's counts.
N_SLOTS, N_CASH, N_SIZE, N_SHORT, N_HELD, N_NO_NEXT_BAR, N_GAPPED_STOP, N_GAPPED_TARGET, N_NO_LEVELS = range(9)
COUNT_NAMES = (
    "slots",
    "cash",
    "size",
    "short",
    "held",
    "no_next_bar",
    "gapped_stop",
    "gapped_target",
    "no_levels",
)

N_COUNTS = len(COUNT_NAMES)

# Columns of the open positions, and their number.
SHARES, PAID, RISK, ENTRY_COST, LAST, SOLD, SOLD_AT, SOLD_COST = range(8)
ENTRY, TICKER, NEXT_BAR, BARS_HELD, OPENED = range(5)
N_POSITION_COLUMNS = 8

# Columns of a portfolio's trade totals.
T_TRADES, T_WINS, T_PNL, T_BEST_R, T_WORST_R, T_BEST_PNL, T_WORST_PNL, T_HOLD, T_NET_R = range(9)
N_TOTALS = 9

# Columns of the trade tables.
TRADE_ENTRY, TRADE_OPENED, TRADE_CLOSED, TRADE_HOLD, TRADE_REASON = range(5)
TRADE_SHARES, TRADE_PAID, TRADE_RECEIVED, TRADE_PNL, TRADE_GROSS_R, TRADE_NET_R = range(6)
N_TRADE_WHOLE, N_TRADE_REAL = 5, 6

# Columns of the daily curve.
CURVE_EQUITY, CURVE_CASH, CURVE_EXPOSURE, CURVE_POSITIONS = range(4)
N_CURVE = 4

# Columns of the configurations.
C_CAPITAL, C_RISK, C_CAP, C_COST, C_CUTOFF = range(5)
K_MASK, K_RANK, K_EXITS, K_POSITIONS, K_START = range(5)

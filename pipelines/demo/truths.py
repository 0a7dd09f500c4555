"""The effects planted in the demonstration study. Nothing of the pipeline reads them: only the generator and the tests.

An effect is the change of the mean over every occurrence once a process is equipped, whether the tool was used or not.
"""

import math

PERSON_SD = 0.25  # of log minutes, between people
RESIDUAL_SD = 0.45  # of log minutes, between occurrences of one person and process
TEAM_EFFECT_SD = 0.04  # of the log effect, between deployments
MONTH_LOG_MINUTES = {2: 0.0, 3: 0.03, 4: 0.02, 5: -0.04, 6: 0.06}  # the season every process goes through

TIME_EFFECT = {"courriels": -0.30, "comptesrendus": 0.20, "extraction": 0.0, "temoin": 0.0}
# What people believe (TP2): the gain twice as large as it is, the loss half as large again.
DECLARED_EFFECT = {"courriels": -0.60, "comptesrendus": 0.30, "extraction": 0.0}
DECLARED_SD = 0.15  # of log minutes declared, around what one person usually takes
IRRITATION_CHANGE = {"courriels": -1.5, "comptesrendus": 0.4, "extraction": -0.2}  # points of 10
LEARNING = (0.25, 0.50, 0.75)  # share of the effect in the first weeks after go-live
ADOPTION = 0.75  # share of the occurrences of an equipped process that go through the tool

ITEMS = 9.0  # handled at one occurrence, on average
ERROR_RATE = 0.06  # errors per item without a tool
ERROR_RATIO = 0.75  # equipped against not equipped, from the first day
ERROR_PERSON_SD = 0.15

WELLBEING_CHANGE = 2.0  # WHO-5 points
JOB_SATISFACTION_CHANGE = 0.3  # points of 10
SELF_EFFICACY_CHANGE = 1.2  # points of 10
HUMAN_PART_CHANGE = {"DH5": -12.0}  # points of 100, the answers 1 to 4 put on 0 to 100; the other axes stay
SATISFACTION = {  # tool -> shares of the answers 1 to 5 to SO1; about 70 % answer 4 or 5
    "assistanta": (0.04, 0.07, 0.15, 0.46, 0.28),
    "assistantb": (0.05, 0.08, 0.17, 0.45, 0.25),
    "assistantc": (0.07, 0.11, 0.20, 0.41, 0.21),
}

RESPONSE_T0, RESPONSE_T1, RESPONSE_PULSE = 0.86, 0.82, 0.72
ATTENDANCE = 0.90  # of training sessions
LEAVE_RATE = 0.06  # person-weeks away
FORGOTTEN_RATE = 0.05  # person-weeks at work without any record


def mean_minutes(median: float) -> float:
    """Minutes that one occurrence takes on average to somebody whose median is `median`."""
    return median * math.exp(RESIDUAL_SD**2 / 2)
